using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>
/// What surrounds <c>data</c>: where the request comes from, where the answer goes, whether a proof is wanted.
/// Source: infernet-monorepo, <c>services/types.py</c> (InfernetInput), and infernet-node, <c>src/shared/job.py</c>.
/// </summary>
internal struct InfernetEnvelope
{
    private const long OnChain = 0;
    private const long OffChain = 1;
    private const long Stream = 2;

    private long? _source;
    private long? _destination;
    private bool _requiresProof;
    private JsonKind? _data;
    private int _dataPosition;

    /// <summary>Whether the data is ABI-encoded; valid after <see cref="Check"/>.</summary>
    public readonly bool IsOnChain => _source == OnChain;

    /// <summary>Whether the answer is to be ABI-encoded. Nodes before 1.0 send no destination: it goes where the request came from.</summary>
    public readonly bool AnswersOnChain => (_destination ?? _source) == OnChain;

    /// <summary>Whether the request says where its answer goes.</summary>
    public readonly bool HasDestination => _destination is not null;

    /// <summary>The hex digits of an on-chain request; valid after <see cref="Check"/>.</summary>
    public readonly JsonString ReadDigits(in JsonCursor cursor) => cursor.Fork(_dataPosition).ReadText();

    /// <summary>Reads a property other than an object under <c>data</c>.</summary>
    /// <returns>False, with the cursor before it, when the property is the data object, which the caller reads or skips.</returns>
    public bool Read(JsonString name, ref JsonCursor cursor)
    {
        if (name.Is("data"u8))
        {
            _data = cursor.PeekKind();
            if (_data == JsonKind.Object)
                return false;
            _dataPosition = cursor.Position;
            cursor.SkipValue();
        }
        else if (name.Is("source"u8))
        {
            _source = ReadNumber(ref cursor, "source");
        }
        else if (name.Is("destination"u8))
        {
            _destination = cursor.TryReadNull() ? null : ReadNumber(ref cursor, "destination");
        }
        else if (name.Is("requires_proof"u8))
        {
            _requiresProof = ReadTruth(ref cursor);
        }
        else
        {
            cursor.SkipValue();
        }

        return true;
    }

    /// <summary>Throws unless this is a request that can be answered: no stream, no proof where none is given, data of the source's kind.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/> or <see cref="ServingError.Unsupported"/>.</exception>
    public readonly void Check(bool givesProofs)
    {
        if (_requiresProof && !givesProofs)
            throw new ServingException(ServingError.Unsupported, "Proofs are not supported for Torch Inference Service");
        if (_source is null)
            throw Invalid("The request has no source; expected 0 (on-chain) or 1 (off-chain)");
        if (_source is not (OnChain or OffChain))
            throw Invalid($"Invalid infernet source: {_source}; expected 0 (on-chain) or 1 (off-chain)");
        switch (_destination ?? _source)
        {
            case Stream:
                throw new ServingException(ServingError.Unsupported, "Invalid infernet destination: 2 (stream); the Torch Inference Service does not stream");
            case not (OnChain or OffChain):
                throw Invalid($"Invalid infernet destination: {_destination}; expected 0 (on-chain), 1 (off-chain) or 2 (stream)");
        }

        if (_data is null)
            throw Invalid("The request has no data");
        if (_source == OnChain && _data != JsonKind.String)
            throw Invalid("data is not a string of hexadecimal digits, as the data of an on-chain request (source 0) must be");
        if (_source == OffChain && _data != JsonKind.Object)
            throw Invalid("data is not a JSON object, as the data of an off-chain request (source 1) must be");
    }

    /// <summary>
    /// Reads a body whose data turned out to be wrong once more without looking into the data, and throws what is wrong around it:
    /// that a proof is not supported matters more to the caller than a missing field in the data.
    /// </summary>
    public static void CheckAround(ReadOnlySpan<byte> body, bool givesProofs)
    {
        var cursor = new JsonCursor(body);
        var envelope = default(InfernetEnvelope);
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (!envelope.Read(name, ref cursor))
                cursor.SkipValue();
        }

        cursor.End();
        envelope.Check(givesProofs);
    }

    private static long ReadNumber(ref JsonCursor cursor, string name) => cursor.PeekKind() == JsonKind.Number
        ? cursor.ReadInt64()
        : throw Invalid($"{name} is no number; expected 0 (on-chain) or 1 (off-chain)");

    private static bool ReadTruth(ref JsonCursor cursor) => cursor.PeekKind() switch
    {
        JsonKind.Null => !cursor.TryReadNull(),
        JsonKind.True or JsonKind.False => cursor.ReadBoolean(),
        _ => throw Invalid("requires_proof is neither true nor false"),
    };

    private static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);
}

using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.Infernet.Receipts;

/// <summary>
/// What a node swears of one answer: nine words of 32 bytes, so that a contract can hash them as they are, and a signature over them.
/// docs/receipts.md describes every word.
/// </summary>
internal sealed class Receipt
{
    /// <summary>Bytes of the form that contracts read: the statement, r, s and the recovery number, each a word.</summary>
    public const int ProofSize = StatementSize + (3 * Word);

    private const int Word = 32;
    private const int StatementSize = 9 * Word;
    private static readonly byte[] Domain = SHA256.HashData("granary-receipt-v1"u8);

    private readonly byte[] _bytes = new byte[StatementSize + NodeKey.SignatureSize];
    private readonly ModelKey _model;
    private readonly EngineText _engine;
    private readonly NodeKey _key;
    private readonly long _time;
    private bool _isSigned;

    /// <summary>A receipt that lacks the answer's bytes; <see cref="Sign"/> adds them.</summary>
    public Receipt(NodeKey key, EngineText engine, string sha256, InferenceRequest request, InferenceResult result, long time)
    {
        _key = key;
        _model = result.Key;
        _engine = engine;
        _time = time;
        Domain.CopyTo(At(0));
        Convert.FromHexString(sha256, At(1), out _, out _);
        CanonicalHash.OfRequest(result.Key, request, At(2));
        CanonicalHash.OfOutput(result.Value, At(3));
        engine.Hash.CopyTo(At(6));
        BinaryPrimitives.WriteInt64BigEndian(At(7)[(Word - 8)..], time);
        key.IdWord.CopyTo(At(8));
    }

    /// <summary>Whether on-chain answers carry it as their proof.</summary>
    public bool IsProof { get; init; }

    /// <summary>Adds the bytes that go over the wire and signs. Once.</summary>
    /// <param name="input">The ABI-encoded request of a chain; empty otherwise.</param>
    /// <param name="answer">The ABI-encoded answer for a chain; otherwise the body of the response.</param>
    public void Sign(ReadOnlySpan<byte> input, ReadOnlySpan<byte> answer)
    {
        if (!input.IsEmpty)
            SHA256.HashData(input, At(4));
        SHA256.HashData(answer, At(5));
        _key.Sign(_bytes.AsSpan(0, StatementSize), _bytes.AsSpan(StatementSize));
        _isSigned = true;
    }

    /// <summary>The bytes for a contract.</summary>
    /// <param name="proof"><see cref="ProofSize"/> bytes.</param>
    public void WriteProof(Span<byte> proof)
    {
        CheckSigned();
        _bytes.AsSpan(0, StatementSize + (2 * Word)).CopyTo(proof);
        proof[(StatementSize + (2 * Word))..ProofSize].Clear();
        proof[ProofSize - 1] = _bytes[^1];
    }

    /// <summary>The value of the header: JSON in base64url.</summary>
    public string ToHeader()
    {
        CheckSigned();
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, 1);
            json.WriteString("algorithm"u8, _key.Curve.Algorithm);
            json.WriteString("key"u8, _key.Id);
            json.WriteString("model"u8, _model.ToString());
            WriteHash(json, "weights"u8, 1);
            WriteHash(json, "request"u8, 2);
            WriteHash(json, "output"u8, 3);
            WriteHash(json, "input"u8, 4);
            WriteHash(json, "answer"u8, 5);
            json.WriteString("server"u8, _engine.Server);
            json.WriteString("engine"u8, _engine.Engine);
            json.WriteNumber("time"u8, _time);
            json.WriteString("signature"u8, Convert.ToHexStringLower(_bytes.AsSpan(StatementSize)));
            json.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.WrittenSpan);
    }

    private void WriteHash(Utf8JsonWriter json, ReadOnlySpan<byte> name, int word) => json.WriteString(name, Convert.ToHexStringLower(At(word)));

    private Span<byte> At(int word) => _bytes.AsSpan(word * Word, Word);

    private void CheckSigned()
    {
        if (!_isSigned)
            throw new InvalidOperationException("the receipt is not signed yet");
    }
}

using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// Reads the <c>data</c> of a request whose source is on-chain. The first word tells the generations apart: 0x20 is the offset of
/// 0.1's only field, less is the model source of 1.0, 0x40 to 0x80 is the length of 2.0's head.
/// </summary>
internal static class OnChainRequestReader
{
    /// <summary>Reads a request of any generation.</summary>
    /// <param name="text">The hex digits.</param>
    /// <param name="envelope">Where the answer goes.</param>
    /// <param name="references">The models that were asked for before.</param>
    /// <returns>A request that the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it is no such request; says which field and byte.</exception>
    public static InfernetRequest Read(JsonString text, in InfernetEnvelope envelope, ModelReferenceCache references)
    {
        var data = HexData.Read(text);
        var kept = false;
        try
        {
            var request = Read(new AbiReader(data.Bytes), references, out var output);
            // A node before 1.0 sends no destination and expects the JSON of 0.1, which it delivers as text.
            if (envelope.AnswersOnChain && (envelope.HasDestination || request.Format != InfernetFormat.Values))
            {
                request = request with { Reply = new OnChainReply(data, output) };
                kept = true;
            }

            return request with { Deterministic = envelope.AnswersOnChain };
        }
        finally
        {
            if (!kept)
                data.Dispose();
        }
    }

    private static InfernetRequest Read(AbiReader request, ModelReferenceCache references, out OutputOptions output)
    {
        var first = request.Word(0, "the first word");
        output = OutputOptions.Default;
        if (!first.IsUInt64)
            throw Unknown(first);
        if (first.D == Generation0.FirstWord)
            return new InfernetRequest(InfernetFormat.Values, Generation0.Read(request), ModelReferenceCache.Default);
        if (first.D < Generation1.FirstWordLimit)
        {
            var model = Generation1.ReadModel(request, references);
            return new InfernetRequest(InfernetFormat.Vector, Generation1.ReadTensor(request), model);
        }

        if (Generation2.IsFirstWord(first.D))
        {
            var model = Generation2.ReadModel(request, references);
            output = Generation2.ReadOutput(request);
            return new InfernetRequest(InfernetFormat.RitualVector, Generation2.ReadTensor(request), model);
        }

        throw Unknown(first);
    }

    private static ServingException Unknown(AbiWord first) => new(ServingError.InvalidArgument,
        $"On-chain data begins with {first}, as no known request does; expected (int256[]), (uint8,string,string,string,bytes) or (bytes,bytes[,uint8[,uint8]])");
}

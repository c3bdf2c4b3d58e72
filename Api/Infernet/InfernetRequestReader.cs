using Granary.Api.Infernet.OnChain;
using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>Reads the body of <c>POST /service_output</c>, in one pass when the properties come in the order that clients send them in.</summary>
internal static class InfernetRequestReader
{
    /// <summary>Reads a request of any generation, off-chain or on-chain.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="references">Models that requests named before.</param>
    /// <param name="givesProofs">Whether a request may want a proof.</param>
    /// <returns>A request that the caller disposes.</returns>
    /// <exception cref="ServingException">The body is malformed, or asks for something that this service does not do.</exception>
    public static InfernetRequest Read(ReadOnlySpan<byte> body, ModelReferenceCache references, bool givesProofs)
    {
        if (body.IsEmpty)
            throw new ServingException(ServingError.InvalidArgument, "The request body is empty; expected a JSON object with source and data");
        try
        {
            return ReadOnce(body, references, givesProofs);
        }
        catch (ServingException)
        {
            InfernetEnvelope.CheckAround(body, givesProofs);
            throw;
        }
    }

    private static InfernetRequest ReadOnce(ReadOnlySpan<byte> body, ModelReferenceCache references, bool givesProofs)
    {
        var cursor = new JsonCursor(body);
        var envelope = default(InfernetEnvelope);
        var data = new InfernetDataReader();
        try
        {
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
            {
                if (envelope.Read(name, ref cursor))
                    continue;
                data.Dispose();
                data = new InfernetDataReader();
                data.Read(ref cursor);
            }

            cursor.End();
            envelope.Check(givesProofs);
            return envelope.IsOnChain
                ? OnChainRequestReader.Read(envelope.ReadDigits(cursor), envelope, references)
                : data.Take(cursor, envelope, references);
        }
        finally
        {
            data.Dispose();
        }
    }
}

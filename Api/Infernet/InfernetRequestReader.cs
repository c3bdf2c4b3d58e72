using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>Reads the body of <c>POST /service_output</c>, in one pass when the properties come in the order that clients send them in.</summary>
internal static class InfernetRequestReader
{
    /// <summary>Reads an off-chain request of any generation.</summary>
    /// <returns>A request whose tensor the caller owns.</returns>
    /// <exception cref="ServingException">The body is malformed, or asks for something that this service does not do.</exception>
    public static InfernetRequest Read(ReadOnlySpan<byte> body, ModelReferenceCache references)
    {
        if (body.IsEmpty)
            throw new ServingException(ServingError.InvalidArgument, "The request body is empty; expected a JSON object with source and data");
        try
        {
            return ReadOnce(body, references);
        }
        catch (ServingException)
        {
            InfernetEnvelope.CheckAround(body);
            throw;
        }
    }

    private static InfernetRequest ReadOnce(ReadOnlySpan<byte> body, ModelReferenceCache references)
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
            envelope.Check();
            return data.Take(cursor, references);
        }
        finally
        {
            data.Dispose();
        }
    }
}

using Granary.Api.Http;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>
/// Answers in torch-serving's form: <c>{"code","description","detail","message","result"}</c>, keys in alphabetical order, what is empty
/// left away. torch-serving puts the text of an error into <c>result</c>; it is in <c>detail</c> too.
/// Source: lukedeo/torch-serving, <c>include/torch_serving/model_server.h</c>.
/// </summary>
internal static class ServeResponse
{
    private static readonly ReadOnlyMemory<byte> Health = "{\"code\":200,\"description\":\"OK\",\"message\":\"OK\"}"u8.ToArray();

    /// <summary>Answers <c>/healthcheck</c>.</summary>
    public static Task WriteHealthAsync(HttpContext context) => Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, Health);

    /// <summary>Makes the body of a success.</summary>
    public static void WriteSuccess(PooledBufferWriter writer, Value value)
    {
        writer.Write("{\"code\":200,\"description\":\"Success\",\"message\":\"OK\""u8);
        if (!TypedValueWriter.IsEmpty(value))
        {
            writer.Write(",\"result\":"u8);
            TypedValueWriter.Write(writer, value);
        }

        writer.WriteByte((byte)'}');
    }

    /// <summary>Answers with an error.</summary>
    /// <param name="context">Nothing of the answer has been sent.</param>
    /// <param name="status">400 or more.</param>
    /// <param name="description">One of torch-serving's, or one of ours.</param>
    /// <param name="detail">What exactly is wrong; null for nothing more to say.</param>
    /// <param name="result">What torch-serving says in <c>result</c>; null for nothing.</param>
    public static async Task WriteErrorAsync(HttpContext context, int status, string description, string? detail = null, string? result = null)
    {
        using var writer = new PooledBufferWriter(512);
        writer.Write("{\"code\":"u8);
        JsonScalarWriter.WriteInt64(writer, status);
        writer.Write(",\"description\":"u8);
        JsonScalarWriter.WriteString(writer, description);
        if (detail is not null)
        {
            writer.Write(",\"detail\":"u8);
            JsonScalarWriter.WriteString(writer, detail);
        }

        writer.Write(status < StatusCodes.Status500InternalServerError ? ",\"message\":\"Client Error\""u8 : ",\"message\":\"Server Error\""u8);
        if (result is not null)
        {
            writer.Write(",\"result\":"u8);
            JsonScalarWriter.WriteString(writer, result);
        }

        writer.WriteByte((byte)'}');
        await Responses.WriteAsync(context.Response, status, Responses.Json, writer.WrittenMemory);
    }
}

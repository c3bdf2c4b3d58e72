using System.Buffers;
using System.Globalization;
using Granary.Api.Http;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>Sends an answer: the JSON, and behind it the outputs in binary form, each copied once from the model's memory.</summary>
internal static class InferResponse
{
    /// <summary>Length of the JSON part of a body that has a binary part too.</summary>
    public const string HeaderLength = "Inference-Header-Content-Length";

    /// <summary>Writes the whole response, compressed where the client wants that; its tensors may be released afterwards.</summary>
    public static async Task WriteAsync(HttpContext context, V2Result result)
    {
        using var json = new PooledBufferWriter();
        InferResponseWriter.Write(json, result);
        var binary = BinaryLength(result);
        var response = context.Response;
        if (binary > 0)
            response.Headers[HeaderLength] = json.WrittenCount.ToString(CultureInfo.InvariantCulture);
        var contentType = binary > 0 ? "application/octet-stream" : Responses.Json;
        if (ContentCodings.OfResponse(context.Request.Headers.AcceptEncoding) is var coding and not ContentCoding.Identity)
        {
            await WriteCompressedAsync(response, contentType, coding, json, result);
            return;
        }

        if (binary == 0)
        {
            await Responses.WriteAsync(response, StatusCodes.Status200OK, contentType, json.WrittenMemory);
            return;
        }

        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = contentType;
        response.ContentLength = json.WrittenCount + binary;
        response.BodyWriter.Write(json.WrittenSpan);
        foreach (var output in result.Outputs)
        {
            if (output.Binary)
                await WriteBinaryAsync(response, output);
        }

        await response.BodyWriter.FlushAsync();
    }

    private static async Task WriteCompressedAsync(HttpResponse response, string contentType, ContentCoding coding, PooledBufferWriter body, V2Result result)
    {
        foreach (var output in result.Outputs)
        {
            if (output.Binary && output.Texts is { } texts)
                BytesElements.Write(body, texts);
            else if (output.Binary)
                body.Write(output.Tensor!.Bytes);
        }

        using var compressed = new PooledBufferWriter(1024 + (body.WrittenCount / 4));
        ContentCodings.Compress(compressed, coding, body.WrittenSpan);
        response.Headers.ContentEncoding = ContentCodings.NameOf(coding);
        await Responses.WriteAsync(response, StatusCodes.Status200OK, contentType, compressed.WrittenMemory);
    }

    private static async Task WriteBinaryAsync(HttpResponse response, V2ResultOutput output)
    {
        if (output.Tensor is { } tensor)
        {
            const int piece = 1 << 20;
            for (long at = 0; at < tensor.ByteLength; at += piece)
            {
                response.BodyWriter.Write(tensor.Bytes[(int)at..(int)Math.Min(at + piece, tensor.ByteLength)]);
                // Keeps what waits in the pipe bounded by what the client takes.
                if (tensor.ByteLength > piece)
                    await response.BodyWriter.FlushAsync();
            }

            return;
        }

        using var texts = new PooledBufferWriter();
        BytesElements.Write(texts, output.Texts!);
        response.BodyWriter.Write(texts.WrittenSpan);
    }

    private static long BinaryLength(V2Result result)
    {
        long length = 0;
        foreach (var output in result.Outputs)
        {
            if (output.Binary)
                length += output.BinaryLength;
        }

        return length;
    }
}

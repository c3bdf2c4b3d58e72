using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Granary.Api.Http;
using Granary.Serving.Embeddings.Remote;

namespace Granary.Api.Persia;

/// <summary>Writes what the calls return.</summary>
internal static class PersiaAnswers
{
    private const string Bytes = "application/octet-stream";
    private static readonly ReadOnlyMemory<byte> True = new byte[] { 1 };
    private static readonly ReadOnlyMemory<byte> False = new byte[] { 0 };

    /// <summary>A truth value.</summary>
    public static Task WriteAsync(HttpContext context, bool value) => WriteAsync(context, value ? True : False);

    /// <summary>A size.</summary>
    public static Task WriteAsync(HttpContext context, int value)
    {
        var body = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteInt64LittleEndian(body, value);
        return WriteAsync(context, body);
    }

    /// <summary>Bytes as they are.</summary>
    public static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body) => Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Bytes, body);

    /// <summary>Rows that were looked up.</summary>
    /// <param name="context">Of the call.</param>
    /// <param name="numbers">Not needed any more when the task ends.</param>
    /// <param name="isMixed">Whether <c>lookup_mixed</c> was called; else <c>lookup_inference</c>.</param>
    public static Task WriteRowsAsync(HttpContext context, ReadOnlyMemory<float> numbers, bool isMixed)
    {
        var response = context.Response;
        var head = isMixed ? LookupAnswer.MixedHeadBytes : LookupAnswer.InferenceHeadBytes;
        response.ContentType = Bytes;
        response.ContentLength = head + ((long)numbers.Length * sizeof(float));
        var output = response.BodyWriter;
        var span = output.GetSpan(head);
        if (isMixed)
            LookupAnswer.WriteMixedHead(span, numbers.Length);
        else
            LookupAnswer.WriteInferenceHead(span, numbers.Length);
        output.Advance(head);
        output.Write(MemoryMarshal.AsBytes(numbers.Span));
        var flush = output.FlushAsync(context.RequestAborted);
        if (!flush.IsCompletedSuccessfully)
            return flush.AsTask();
        _ = flush.Result;
        return Task.CompletedTask;
    }
}

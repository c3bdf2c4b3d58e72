using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.Api.Grpc;

/// <summary>One call: what its handler may know and say besides messages.</summary>
internal sealed class GrpcCall : IDisposable
{
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationTokenRegistration _aborted;

    public GrpcCall(HttpContext context, GrpcOptions options, TimeProvider time)
    {
        Http = context;
        var headers = context.Request.Headers;
        var requests = GrpcCompression.Parse(headers.GrpcEncoding);
        Input = new GrpcMessageReader(context.Request.BodyReader, options.MaxMessageBytes, requests);
        var responses = options.CompressResponses ? GrpcCompression.ForResponse(requests, headers.GrpcAcceptEncoding) : GrpcEncoding.Identity;
        Output = new GrpcMessageWriter(context.Response.BodyWriter, options.MaxMessageBytes, responses);
        if (responses != GrpcEncoding.Identity)
            context.Response.Headers.GrpcEncoding = GrpcCompression.NameOf(responses);
        if (headers.GrpcTimeout is not { Count: > 0 } text)
            return;
        if (text.Count > 1 || !GrpcTimeout.TryParse(text[0], out var timeout))
            throw new GrpcException(GrpcStatus.InvalidArgument, $"The header {GrpcHeaders.Timeout} is '{text}'; expected one to eight digits and one of H, M, S, m, u, n");
        Timeout = timeout;
        _deadline = new CancellationTokenSource(timeout, time);
        _aborted = context.RequestAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _deadline);
    }

    /// <summary>The request under it.</summary>
    public HttpContext Http { get; }

    /// <summary>How long the caller waits, from the start of the call on; null for ever.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Signalled when the caller goes away or its deadline passes.</summary>
    public CancellationToken Cancellation => _deadline?.Token ?? Http.RequestAborted;

    /// <summary>Whether the deadline, rather than the caller, ended the call.</summary>
    public bool IsPastDeadline => _deadline is { IsCancellationRequested: true } && !Http.RequestAborted.IsCancellationRequested;

    /// <summary>Messages as they come in.</summary>
    internal GrpcMessageReader Input { get; }

    /// <summary>Messages as they go out.</summary>
    internal GrpcMessageWriter Output { get; }

    /// <summary>For reads and writes of the body, which notice by themselves when the caller goes away.</summary>
    internal CancellationToken ReadCancellation => _deadline?.Token ?? CancellationToken.None;

    /// <summary>Whether trailers were added, so that the status must stand among them.</summary>
    internal bool HasTrailers { get; private set; }

    /// <summary>The caller's metadata of a name; null when it sent none.</summary>
    public string? GetMetadata(string name) => Http.Request.Headers[name] is { Count: > 0 } values ? values.ToString() : null;

    /// <summary>The first value of the caller's binary metadata of a name, which ends in <c>-bin</c>; null when it sent none.</summary>
    /// <exception cref="GrpcException">The value is no base64.</exception>
    public byte[]? GetBinaryMetadata(string name)
    {
        if (Http.Request.Headers[name] is not { Count: > 0 } values)
            return null;
        var text = values[0].AsSpan();
        // Values of one name may come joined.
        if (text.IndexOf(',') is >= 0 and var comma)
            text = text[..comma];
        text = text.Trim().TrimEnd('=');
        var padded = string.Concat(text, "===".AsSpan(0, (4 - (text.Length % 4)) % 4));
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        return Convert.TryFromBase64String(padded, bytes, out var length)
            ? bytes[..length]
            : throw new GrpcException(GrpcStatus.InvalidArgument, $"The metadata {name} is no base64");
    }

    /// <summary>Adds metadata that leaves before the first response.</summary>
    /// <exception cref="ArgumentException">The name is reserved, or name or value cannot stand in a header.</exception>
    public void AddHeader(string name, string value)
    {
        Check(name, value);
        Http.Response.Headers.Append(name, value);
    }

    /// <summary>Adds binary metadata that leaves before the first response; the name ends in <c>-bin</c>.</summary>
    public void AddHeader(string name, ReadOnlySpan<byte> value) => AddHeader(name, Encode(name, value));

    /// <summary>Adds metadata that leaves with the status.</summary>
    /// <exception cref="ArgumentException">The name is reserved, or name or value cannot stand in a header.</exception>
    public void AddTrailer(string name, string value)
    {
        Check(name, value);
        HasTrailers = true;
        Http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers.Append(name, value);
    }

    /// <summary>Adds binary metadata that leaves with the status; the name ends in <c>-bin</c>.</summary>
    public void AddTrailer(string name, ReadOnlySpan<byte> value) => AddTrailer(name, Encode(name, value));

    /// <summary>Gives buffers and the timer back.</summary>
    public void Dispose()
    {
        Input.Release();
        _aborted.Dispose();
        _deadline?.Dispose();
    }

    private static void Check(string name, string value)
    {
        if (name.StartsWith(GrpcHeaders.ReservedPrefix, StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"the metadata name {name} is reserved", nameof(name));
        if (!Ascii.IsValid(value))
            throw new ArgumentException($"the metadata {name} holds characters outside ASCII; give bytes to a name that ends in {GrpcHeaders.BinarySuffix}", nameof(value));
    }

    private static string Encode(string name, ReadOnlySpan<byte> value) => name.EndsWith(GrpcHeaders.BinarySuffix, StringComparison.Ordinal)
        ? Convert.ToBase64String(value).TrimEnd('=')
        : throw new ArgumentException($"the metadata name {name} must end in {GrpcHeaders.BinarySuffix} for its value to be bytes", nameof(name));
}

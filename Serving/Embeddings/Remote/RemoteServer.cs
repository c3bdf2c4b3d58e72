using System.Net;
using System.Net.Http.Headers;

namespace Granary.Serving.Embeddings.Remote;

/// <summary>
/// One embedding server elsewhere: a POST a call, the bytes of the arguments there and those of the result back. Safe for concurrent use.
/// Source: PersiaML/PERSIA, <c>rust/others/persia-rpc/src/lib.rs</c>.
/// </summary>
internal sealed class RemoteServer
{
    private static readonly MediaTypeHeaderValue Bytes = new("application/octet-stream");
    private readonly HttpMessageInvoker _client;
    private readonly Uri _ready;
    private readonly Uri _replicaIndex;
    private readonly Uri _lookup;

    /// <param name="address"><c>host:port</c>.</param>
    /// <param name="client">Stays the caller's.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it is no address.</exception>
    public RemoteServer(string address, HttpMessageInvoker client)
    {
        if (!Uri.TryCreate($"http://{address}/", UriKind.Absolute, out var root) || root.PathAndQuery != "/" || root.UserInfo.Length > 0 || root.Fragment.Length > 0)
            throw new ServingException(ServingError.InvalidArgument, $"the embedding server '{address}' is no address; expected host:port");
        Address = address;
        _client = client;
        _ready = new Uri(root, "ready_for_serving_web_api");
        _replicaIndex = new Uri(root, "replica_index_web_api");
        _lookup = new Uri(root, "lookup_mixed_web_api");
    }

    /// <summary>As configured.</summary>
    public string Address { get; }

    /// <summary>Asks whether it can be asked.</summary>
    /// <param name="index">Its place in the list of servers, which it must agree to: signs are assigned by it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Why not; null when it can.</returns>
    /// <exception cref="ServingException">It does not answer, or answers something else.</exception>
    public async Task<string?> CheckAsync(int index, CancellationToken cancellation)
    {
        var answer = new byte[sizeof(ulong)];
        var length = await CallAsync(_ready, default, answer.AsMemory(0, 1), cancellation);
        if (length != 1 || answer[0] > 1)
            throw Strange("whether it is ready");
        if (answer[0] == 0)
            return $"embedding server '{Address}' is not ready";
        if (await CallAsync(_replicaIndex, default, answer, cancellation) != sizeof(ulong))
            throw Strange("its replica index");
        var actual = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(answer);
        return actual == (ulong)index ? null : $"embedding server '{Address}' has replica index {actual} and stands at place {index} of the servers; list them in the order of their indices";
    }

    /// <summary>Asks for rows.</summary>
    /// <param name="request">The arguments of <c>lookup_mixed</c>.</param>
    /// <param name="answer">As long as the answer must be.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException">It does not answer, or answers something else.</exception>
    public async Task LookupAsync(ReadOnlyMemory<byte> request, Memory<byte> answer, CancellationToken cancellation)
    {
        var length = await CallAsync(_lookup, request, answer, cancellation);
        // A refusal may be longer than what was asked for, and says no more than its first byte does.
        if (length > answer.Length && answer.Span[0] != 0)
            throw new ServingException(ServingError.SourceFailed, $"embedding server '{Address}' answers more than the {answer.Length} bytes that were asked for");
        var elements = (answer.Length - LookupAnswer.MixedHeadBytes) / sizeof(float);
        LookupAnswer.ReadMixed(answer.Span[..Math.Min(length, answer.Length)], elements, Address);
    }

    private async Task<int> CallAsync(Uri function, ReadOnlyMemory<byte> body, Memory<byte> answer, CancellationToken cancellation)
    {
        try
        {
            using var response = await SendAsync(function, body, cancellation);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new ServingException(ServingError.SourceFailed, $"embedding server '{Address}' answers {function.AbsolutePath} with status {(int)response.StatusCode}");
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            var length = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellation);
            return length == answer.Length && await stream.ReadAsync(new byte[1], cancellation) > 0 ? length + 1 : length;
        }
        catch (HttpRequestException error)
        {
            throw new ServingException(ServingError.Unavailable, $"embedding server '{Address}' cannot be reached ({error.HttpRequestError})", error);
        }
        catch (IOException error)
        {
            throw new ServingException(ServingError.SourceFailed, $"embedding server '{Address}' broke off its answer to {function.AbsolutePath}", error);
        }
    }

    // A connection that waited in the pool may have been closed by the server at the moment of its use; lookups may be repeated.
    private async Task<HttpResponseMessage> SendAsync(Uri function, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        try
        {
            return await SendOnceAsync(function, body, cancellation);
        }
        catch (HttpRequestException error) when (error.HttpRequestError != HttpRequestError.InvalidResponse && error.InnerException is IOException)
        {
            return await SendOnceAsync(function, body, cancellation);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Uri function, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, function)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = Bytes } },
        };
        return await _client.SendAsync(request, cancellation);
    }

    private ServingException Strange(string question) => new(ServingError.SourceFailed, $"embedding server '{Address}' does not say {question}");
}

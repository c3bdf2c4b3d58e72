using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Granary.Serving.Sources.Arweave;

/// <summary>Asks one gateway one thing once. What comes back is not trusted. Source: docs.ar.io, gateway API; arweave.dev, HTTP API.</summary>
/// <param name="http">Asks.</param>
/// <param name="address">Where the gateway is.</param>
/// <param name="options">How long and how much is read.</param>
/// <param name="time">The clock of the time limit.</param>
internal sealed class Gateway(SourceHttp http, string address, ArweaveOptions options, TimeProvider time)
{
    private readonly string _address = address.TrimEnd('/');

    /// <summary>How messages name it.</summary>
    public string Name { get; } = new Uri(address).Authority;

    /// <summary>Asks the index.</summary>
    public Task<T> QueryAsync<T>(string query, Func<JsonElement, T> read, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new GraphQlRequest(query), GraphQlJson.Default.GraphQlRequest);
        return JsonAsync(new SourceRequest(HttpMethod.Post, Uri("graphql"), null) { Body = body }, read, cancellation);
    }

    /// <summary>A transaction's header, not verified.</summary>
    public Task<ArweaveTransaction> TransactionAsync(string id, CancellationToken cancellation) => GetJsonAsync($"tx/{id}", ArweaveTransaction.Read, cancellation);

    /// <summary>Where a transaction's data ends in all data there is.</summary>
    public Task<(long Size, long End)> OffsetAsync(string id, CancellationToken cancellation) => GetJsonAsync(
        $"tx/{id}/offset", static json => (Number(json.GetProperty("size")), Number(json.GetProperty("offset"))), cancellation);

    /// <summary>The chunk that holds a byte, and its proof.</summary>
    public Task<(byte[] Chunk, byte[] Path)> ChunkAsync(long position, CancellationToken cancellation) => GetJsonAsync(
        string.Create(CultureInfo.InvariantCulture, $"chunk/{position}"),
        static json => (Base64Url.Read(json.GetProperty("chunk").GetString()!), Base64Url.Read(json.GetProperty("data_path").GetString()!)),
        cancellation);

    /// <summary>Some bytes of the raw data of a transaction, in memory.</summary>
    public Task<byte[]> RangeAsync(string id, long offset, int count, CancellationToken cancellation) => WithinLimitAsync(
        async stop =>
        {
            using var response = await SendAsync(new SourceRequest(HttpMethod.Get, Uri($"raw/{id}"), null) { Offset = offset, Count = count }, stop).ConfigureAwait(false);
            var begin = response.Status == HttpStatusCode.PartialContent ? response.Message.Content.Headers.ContentRange?.From ?? 0 : 0;
            var skip = offset - begin;
            if (skip < 0 || skip > options.MaxAnswerBytes)
                throw new GatewayException(GatewayFault.Broken, "does not answer range requests");
            using var content = await response.Message.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
            var bytes = new byte[count];
            for (int step; skip > 0; skip -= step)
                await content.ReadExactlyAsync(bytes.AsMemory(0, step = (int)Math.Min(skip, count)), stop).ConfigureAwait(false);
            await content.ReadExactlyAsync(bytes, stop).ConfigureAwait(false);
            return bytes;
        },
        cancellation);

    /// <summary>The whole data of a transaction or data item, in memory. A manifest must be asked for raw, or its index comes.</summary>
    public async Task<byte[]> DataAsync(string id, long length, CancellationToken cancellation)
    {
        try
        {
            return await BytesAsync(new SourceRequest(HttpMethod.Get, Uri($"raw/{id}"), null), length, cancellation).ConfigureAwait(false);
        }
        catch (GatewayException error) when (error.Fault == GatewayFault.Absent)
        {
            return await BytesAsync(new SourceRequest(HttpMethod.Get, Uri(id), null), length, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The data of a transaction or data item from an offset on; the answer may begin at 0.</summary>
    public async Task<SourceStream> OpenAsync(string id, long offset, long? length, CancellationToken cancellation)
    {
        var response = await SendAsync(new SourceRequest(HttpMethod.Get, Uri(id), null) { Offset = offset }, cancellation).ConfigureAwait(false);
        try
        {
            var headers = response.Message.Content.Headers;
            var isPart = response.Status == HttpStatusCode.PartialContent;
            var (begin, whole) = isPart ? (headers.ContentRange?.From ?? -1, headers.ContentRange?.Length) : (0, headers.ContentLength);
            if (response.Header("Content-Encoding") is { Length: > 0 } and not "identity")
                throw new GatewayException(GatewayFault.Broken, "sent the file compressed although it was asked not to");
            if (isPart && begin != offset)
                throw new GatewayException(GatewayFault.Broken, $"sent bytes from {begin} on when asked for {offset}");
            if (whole is not null && length is not null && whole != length)
                throw GatewayException.Failed("data_size", string.Create(CultureInfo.InvariantCulture, $"announces {whole:N0} bytes where {length:N0} were signed"));
            var content = await response.Message.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            return new SourceStream(new LimitedStream(content, (length ?? long.MaxValue) - begin), begin, length ?? whole, null, response);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private Uri Uri(string path) => new($"{_address}/{path}");

    private Task<T> GetJsonAsync<T>(string path, Func<JsonElement, T> read, CancellationToken cancellation) =>
        JsonAsync(new SourceRequest(HttpMethod.Get, Uri(path), null), read, cancellation);

    private async Task<T> JsonAsync<T>(SourceRequest request, Func<JsonElement, T> read, CancellationToken cancellation)
    {
        var bytes = await BytesAsync(request, null, cancellation).ConfigureAwait(false);
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return read(json.RootElement);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException or ArgumentNullException)
        {
            throw new GatewayException(GatewayFault.Broken, $"sent a malformed answer for {request.Uri.AbsolutePath}: {error.Message}");
        }
    }

    private Task<byte[]> BytesAsync(SourceRequest request, long? length, CancellationToken cancellation) => WithinLimitAsync(
        async stop =>
        {
            using var response = await SendAsync(request, stop).ConfigureAwait(false);
            using var content = await response.Message.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
            return await ReadAsync(content, length, stop).ConfigureAwait(false);
        },
        cancellation);

    private async Task<byte[]> ReadAsync(Stream content, long? length, CancellationToken cancellation)
    {
        var most = length ?? options.MaxAnswerBytes;
        var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int count; (count = await content.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            all.Write(buffer, 0, count);
            if (all.Length > most)
                throw new GatewayException(GatewayFault.Broken, string.Create(CultureInfo.InvariantCulture, $"sent more than {most:N0} bytes"));
        }

        return all.ToArray();
    }

    private async Task<SourceResponse> SendAsync(SourceRequest request, CancellationToken cancellation)
    {
        SourceResponse? response;
        try
        {
            (response, var problem, var retryAfter) = await http.TryAsync(request, cancellation).ConfigureAwait(false);
            if (response is null)
                throw new GatewayException(GatewayFault.Busy, problem!, retryAfter);
        }
        catch (ServingException error)
        {
            throw new GatewayException(GatewayFault.Broken, error.Message);
        }

        if (response.Status is HttpStatusCode.OK or HttpStatusCode.PartialContent)
            return response;
        using (response)
            throw Refusal(request, response.Status);
    }

    private static GatewayException Refusal(SourceRequest request, HttpStatusCode status) => status switch
    {
        HttpStatusCode.Accepted => new(GatewayFault.Broken, $"{request.Uri.AbsolutePath} is pending (202): it is in no block yet; try again in some minutes"),
        HttpStatusCode.NotFound or HttpStatusCode.Gone => new(GatewayFault.Absent, $"does not have {request.Uri.AbsolutePath} ({(int)status})"),
        _ => new(GatewayFault.Broken, $"answered {(int)status} for {request.Uri.AbsolutePath}"),
    };

    private async Task<byte[]> WithinLimitAsync(Func<CancellationToken, Task<byte[]>> ask, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await ask(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new GatewayException(GatewayFault.Busy, $"did not answer within {options.AnswerTimeout.TotalSeconds:N0} s");
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new GatewayException(GatewayFault.Busy, $"broke off: {error.Message}");
        }
    }

    private static long Number(JsonElement json) => long.Parse(json.ToString(), NumberStyles.None, CultureInfo.InvariantCulture);
}

using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Granary.Api.Tests.Infernet.Node;

/// <summary>
/// Calls containers as node 1.4.0 does, with aiohttp's rules: the status is ignored, the content type decides whether there is JSON.
/// Source: infernet-node, <c>src/orchestration/orchestrator.py</c>; aiohttp, <c>client_reqrep.py</c>.
/// </summary>
internal sealed partial class ContainerClient(HttpMessageHandler handler, string host = "localhost")
{
    private readonly HttpClient _client = new(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Longest job.</summary>
    public TimeSpan JobTimeout { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Longest stream.</summary>
    public TimeSpan StreamTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>One job of one container.</summary>
    public async Task<ContainerOutput> RunAsync(NodeContainer container, string body)
    {
        using var patience = new CancellationTokenSource(JobTimeout);
        try
        {
            using var response = await SendAsync(container, body, patience.Token);
            return await ReadAsync(container, response, patience.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return new ContainerOutput(container.Id, null, exception.Message);
        }
    }

    /// <summary>One streamed job: whatever the container sends with a status below 400.</summary>
    /// <returns>What the client sees after the line with the job's id; the error is for the node's own record.</returns>
    public async Task<(byte[] Bytes, string? Error)> StreamAsync(NodeContainer container, string body)
    {
        using var patience = new CancellationTokenSource(StreamTimeout);
        try
        {
            using var response = await SendAsync(container, body, patience.Token);
            if ((int)response.StatusCode >= 400)
                return ([], $"{(int)response.StatusCode}, message='{response.ReasonPhrase}'");
            return (await response.Content.ReadAsByteArrayAsync(patience.Token), null);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return ([], exception.Message);
        }
    }

    /// <summary>What <c>GET /resources</c> of the node collects: always from host and port, without a token, the id as it is.</summary>
    public async Task<string?> ResourcesAsync(NodeContainer container, string? modelId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}:{container.Port}/service-resources" + (modelId is null ? "" : $"?model_id={modelId}"));
        try
        {
            using var response = await _client.SendAsync(request);
            var output = await ReadAsync(container, response, default);
            return output.Output;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private Task<HttpResponseMessage> SendAsync(NodeContainer container, string body, CancellationToken cancellation)
    {
        var address = container.Url.Length > 0 ? container.Url : $"http://{host}:{container.Port}";
        var request = new HttpRequestMessage(HttpMethod.Post, $"{address}/service_output") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (container.Bearer.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", container.Bearer);
        return _client.SendAsync(request, cancellation);
    }

    private static async Task<ContainerOutput> ReadAsync(NodeContainer container, HttpResponseMessage response, CancellationToken cancellation)
    {
        var type = response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant() ?? "";
        var text = await response.Content.ReadAsStringAsync(cancellation);
        if (!JsonType().IsMatch(type))
            return new ContainerOutput(container.Id, null, $"0, message='Attempt to decode JSON with unexpected mimetype: {type}'");
        if (string.IsNullOrWhiteSpace(text))
            return new ContainerOutput(container.Id, "null", null);
        return PythonJson.TryParse(text) is null ? new ContainerOutput(container.Id, null, text) : new ContainerOutput(container.Id, text, null);
    }

    [GeneratedRegex(@"^application/(?:[\w.+-]+?\+)?json$")]
    private static partial Regex JsonType();
}

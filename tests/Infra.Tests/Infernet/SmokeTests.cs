using System.Diagnostics;
using System.Net;
using System.Text;

namespace Granary.Infra.Tests.Infernet;

/// <summary>The script must tell a container that a node can use from one that it cannot.</summary>
public sealed class SmokeTests
{
    private const string Refusal = """{"code": "400", "name": "Bad Request", "description": "no proofs"}""";

    [Fact]
    public async Task Smoke_OfAGoodContainer_Passes()
    {
        var (code, output) = await RunAsync(static (_, body) => body.Contains("true", StringComparison.Ordinal)
            ? (400, "application/json", Refusal)
            : (200, "application/json", """{"dtype": "double", "shape": [1], "values": [4.15]}"""));

        Assert.Contains("the container is fit for a node", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData(200, "text/html", "<html></html>")]
    [InlineData(200, "application/json", "[4.15]")]
    [InlineData(200, "application/json", """{"code": "500", "description": "broken"}""")]
    [InlineData(500, "application/json", """{"code": 500, "description": "broken"}""")]
    public async Task Smoke_OfAContainerThatANodeMisreads_Fails(int status, string type, string answer)
    {
        var (code, output) = await RunAsync((_, _) => (status, type, answer));

        // Two forms of a job and the refusal.
        Assert.Contains("3 of the checks failed", output, StringComparison.Ordinal);
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task Smoke_WithABearer_FailsWhereNobodyAsksForIt()
    {
        var (code, output) = await RunAsync(
            static (_, body) => body.Contains("true", StringComparison.Ordinal) ? (400, "application/json", Refusal) : (200, "application/json", "{}"),
            bearer: "secret");

        Assert.Contains("FAILED  a job without the bearer token gets HTTP 200", output, StringComparison.Ordinal);
        Assert.Equal(1, code);
    }

    private static async Task<(int Code, string Output)> RunAsync(Func<HttpListenerRequest, string, (int Status, string Type, string Body)> answer, string? bearer = null)
    {
        using var listener = Listen(out var url);
        var serving = ServeAsync(listener, answer);
        var start = new ProcessStartInfo("bash", [Repository.Full("infra/infernet/smoke.sh"), url]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("BEARER");
        if (bearer is not null)
            start.Environment["BEARER"] = bearer;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        listener.Stop();
        await serving;
        return (process.ExitCode, await output + await errors);
    }

    // HttpListener cannot choose a port by itself.
    private static HttpListener Listen(out string url)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
            probe.Stop();
            var listener = new HttpListener { Prefixes = { url + "/" } };
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException) when (attempt < 5)
            {
                listener.Close();
            }
        }
    }

    private static async Task ServeAsync(HttpListener listener, Func<HttpListenerRequest, string, (int Status, string Type, string Body)> answer)
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            var (status, type, text) = context.Request.HttpMethod == "GET"
                ? (200, "application/json", """{"compute_capability": [], "supported": true}""")
                : answer(context.Request, body);
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            context.Response.Close(Encoding.UTF8.GetBytes(text), willBlock: true);
        }
    }
}

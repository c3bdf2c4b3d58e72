using System.Net;
using System.Text;
using System.Threading.Channels;
using Granary.Api.Tests.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Api.Tests.Telemetry;

public sealed class OtlpExportTests
{
    // The limits end a hang; what is waited for comes at once.
    [Fact(Timeout = 60_000)]
    public async Task Start_EndpointSet_MetricsTracesAndLogsArrive()
    {
        await using var collector = await Collector.StartAsync();
        await using (var service = await TestService.StartAsync(
            null,
            app => app.MapGet("/traced", context =>
            {
                context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Test").LogWarning("logged here");
                return context.Response.WriteAsync("ok");
            }),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "100")))
        {
            using var response = await service.SendRawAsync("GET", "/traced");
            var metrics = await collector.ReadAsync("/v1/metrics", "http.server.request.duration");
            Assert.Contains("granary", metrics, StringComparison.Ordinal);
            await service.App.StopAsync();
        }

        var traces = await collector.ReadAsync("/v1/traces", "GET /traced");
        Assert.All(["http.route", "http.response.status_code", "http.request.method"], tag => Assert.Contains(tag, traces, StringComparison.Ordinal));
        await collector.ReadAsync("/v1/logs", "logged here");
    }

    [Fact(Timeout = 60_000)]
    public async Task Start_ServiceNameSet_TakenFromConfiguration()
    {
        await using var collector = await Collector.StartAsync();
        await using var service = await TestService.StartAsync(
            null,
            null,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
            ("OTEL_SERVICE_NAME", "my-own-name"));
        Assert.Contains("my-own-name", await collector.ReadAsync("/v1/metrics", "service.name"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoEndpoint_NoExportRegistered()
    {
        await using var service = await TestService.StartAsync();
        Assert.DoesNotContain(service.App.Services.GetServices<IHostedService>(), hosted => hosted.GetType().Name == "OtlpExport");
        Assert.DoesNotContain(service.App.Services.GetServices<ILoggerProvider>(), provider => provider.GetType().Namespace!.StartsWith("OpenTelemetry", StringComparison.Ordinal));
    }

    /// <summary>Takes what an OTLP/HTTP exporter sends, as a collector would.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly Channel<(string Path, string Body)> _received = Channel.CreateUnbounded<(string, string)>();

        private Collector()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            _app = builder.Build();
            _app.MapPost("/v1/{signal}", async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                Assert.Equal("application/x-protobuf", context.Request.ContentType);
                // Names are UTF-8 inside the protobuf message, so Latin-1 keeps them readable whatever surrounds them.
                _received.Writer.TryWrite((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            });
        }

        public string Address => _app.Urls.Single();

        public static async Task<Collector> StartAsync()
        {
            var collector = new Collector();
            await collector._app.StartAsync();
            return collector;
        }

        /// <summary>Waits for a message to a path that holds a text.</summary>
        public async Task<string> ReadAsync(string path, string text)
        {
            await foreach (var message in _received.Reader.ReadAllAsync())
            {
                if (message.Path == path && message.Body.Contains(text, StringComparison.Ordinal))
                    return message.Body;
            }

            throw new InvalidOperationException("unreachable: the channel never ends");
        }

        public async ValueTask DisposeAsync() => await _app.DisposeAsync();
    }
}

using Granary.Api.Grpc;
using Granary.Api.Hosting;
using Granary.Api.Tests.Support;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Granary.Api.Tests.Grpc;

/// <summary>The real service on the real Kestrel with the echo service beside its own.</summary>
internal sealed class GrpcServer : IAsyncDisposable
{
    private GrpcServer(WebApplication app)
    {
        App = app;
        Urls = [.. app.Urls.Select(url => new Uri(url))];
        Client = new GrpcTestClient(Urls[0]);
    }

    public WebApplication App { get; }

    public IReadOnlyList<Uri> Urls { get; }

    public GrpcTestClient Client { get; }

    public EchoService Echo { get; private init; } = null!;

    /// <summary>What loggers were told at level error.</summary>
    public List<string> Errors { get; private init; } = null!;

    public static async Task<GrpcServer> StartAsync(params string[] arguments)
    {
        var echo = new EchoService();
        var errors = new ErrorLog();
        var startup = StartupOptions.Read(["--bind=127.0.0.1:0", .. arguments], new Dictionary<string, string?>());
        Assert.Empty(startup.Errors);
        var app = Program.Build(startup, services =>
        {
            services.AddSingleton<IModelCluster>(new FakeCluster());
            services.AddSingleton<IModelCatalog>(new FakeCatalog());
            services.AddSingleton<IGrpcService>(echo);
            services.AddLogging(logging => logging.ClearProviders().AddProvider(errors));
        });
        await app.StartAsync();
        return new GrpcServer(app) { Echo = echo, Errors = errors.Lines };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }

    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            lock (Lines)
                Lines.Add($"{formatter(state, exception)} {exception?.GetType().Name}");
        }

        public void Dispose()
        {
        }
    }
}

using Granary.Api.Health;
using Granary.Api.Tests.Admin;
using Microsoft.Extensions.Hosting;

namespace Granary.Api.Tests.Health;

public sealed class HealthProbeTests
{
    [Fact]
    public void Startup_BeforeTheServerListens_Starting()
    {
        var lifetime = new Lifetime();
        var probe = new HealthProbe(new ReadinessState(), new FakeCluster(), lifetime);
        Assert.Equal("starting", probe.Startup().Status);
        lifetime.Started.Cancel();
        Assert.Equal("started", probe.Startup().Status);
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationTokenSource Started { get; } = new();

        public CancellationToken ApplicationStarted => Started.Token;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => Started.Cancel();
    }
}

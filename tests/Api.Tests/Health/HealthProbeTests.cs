using Granary.Api.Health;
using Granary.Api.Tests.Admin;
using Granary.Serving.Formats.Triton.Repository;
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

    [Fact]
    public async Task ReadyAsync_RepositoryStillLoading_IsUnready()
    {
        var report = await new HealthProbe(new ReadinessState(), new FakeCluster(), new Lifetime(), new LoadingRepository()).ReadyAsync(default);

        Assert.Equal("unready", report.Status);
        Assert.Equal(["the models of the repository are being loaded"], report.Reasons);
    }

    private sealed class LoadingRepository : IModelRepository
    {
        public ModelControlMode ControlMode => ModelControlMode.None;

        public string? StartFailure => null;

        public ValueTask<IReadOnlyList<RepositoryIndexEntry>> IndexAsync(bool readyOnly, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task LoadAsync(string name, ModelOverride? replacement = null, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task UnloadAsync(string name, bool withDependents = false, CancellationToken cancellation = default) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<string>> NotReadyAsync(CancellationToken cancellation = default) => new(["the models of the repository are being loaded"]);
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

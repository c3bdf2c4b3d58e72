using Granary.Api.Hosting;
using Granary.Api.Tests.Support;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Api.Tests.Hosting;

public sealed class DefaultModelServiceTests : IDisposable
{
    private readonly FakeCatalog _catalog = new();
    private readonly FakeCluster _cluster = new();
    private readonly DefaultModelState _state = new();
    private readonly StepTimeProvider _time = new();
    private readonly List<string> _reports = [];
    private DefaultModelService? _service;

    public DefaultModelServiceTests() => _state.Changed += report =>
    {
        lock (_reports)
            _reports.Add($"{report.Key} {report.State} {report.Reason}".TrimEnd());
    };

    public void Dispose() => _service?.Dispose();

    [Fact]
    public async Task Start_NoModelConfigured_RegistersAndReportsNothing()
    {
        await RunAsync(null);

        Assert.Null(await _catalog.FindAsync("default"));
        Assert.Empty(_reports);
        Assert.Equal("not configured", _state.Current.State);
    }

    [Fact]
    public async Task Start_FirstTime_RegistersATrustedVersionAndLoadsIt()
    {
        await RunAsync("huggingface/a/b:c.pt", jit: true);

        var definition = Assert.Single((await _catalog.FindAsync("default"))!.Versions);
        Assert.Equal(("1", "huggingface/a/b:c.pt", true, true, "auto"), (definition.Version, definition.Source.ToString(), definition.Trusted, definition.RequireTorchScript, definition.Device));
        Assert.Equal(["default/1 loading", "default/1 loading", "default/1 ready"], _reports);
    }

    [Fact]
    public async Task Start_SameModelAgain_TakesTheSameVersion()
    {
        await RunAsync("huggingface/a/b:c.pt");
        await RunAsync("huggingface/a/b:c.pt");

        Assert.Single((await _catalog.FindAsync("default"))!.Versions);
        Assert.Equal("default/1 ready", _reports[^1]);
    }

    [Fact]
    public async Task Start_ModelChangedAndChangedBack_SwitchesTheDefaultVersion()
    {
        await RunAsync("huggingface/a/b:c.pt");
        await RunAsync("huggingface/a/b:other.pt");
        Assert.Equal("2", (await _catalog.FindAsync("default"))!.DefaultVersion);
        Assert.Equal("default/2 ready", _reports[^1]);

        await RunAsync("huggingface/a/b:c.pt");
        var model = (await _catalog.FindAsync("default"))!;
        Assert.Equal(("1", 2), (model.DefaultVersion, model.Versions.Count));
    }

    [Fact]
    public async Task Start_SourceOfAnUntrustedVersion_IsRegisteredAnew()
    {
        _catalog.Add("default", "1", "local/models:a.pt");

        await RunAsync("local/models:a.pt");

        Assert.Equal("2", (await _catalog.FindAsync("default"))!.DefaultVersion);
    }

    [Fact]
    public async Task Load_FailsTwice_IsTriedAgainWithGrowingPauses()
    {
        var calls = 0;
        _cluster.Load = (key, _) => ++calls switch
        {
            1 => throw new ServingException(ServingError.SourceFailed, "the hub does not answer"),
            2 => throw new InvalidOperationException("/secret"),
            _ => new(new ModelStatus { Key = key, State = ModelState.Ready }),
        };

        await StartAsync("huggingface/a/b:c.pt");
        Assert.Equal(TimeSpan.FromSeconds(1), await _time.StepAsync());
        Assert.Equal(TimeSpan.FromSeconds(2), await _time.StepAsync());
        await _service!.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(
            [
                "default/1 loading", "default/1 loading", "default/1 failed the hub does not answer",
                "default/1 loading the hub does not answer", "default/1 failed an unexpected error; the server's log says which",
                "default/1 loading an unexpected error; the server's log says which", "default/1 ready",
            ],
            _reports);
    }

    [Fact]
    public async Task Load_KeepsFailing_PausesAMinuteAtMost()
    {
        _cluster.Load = static (_, _) => throw new ServingException(ServingError.NotFound, "no such file");

        await StartAsync("huggingface/a/b:c.pt");
        var pauses = new List<double>();
        for (var i = 0; i < 9; i++)
            pauses.Add((await _time.StepAsync()).TotalSeconds);

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], pauses);
        await _service!.StopAsync(default);
    }

    [Fact]
    public async Task Register_CatalogRefuses_ReportsWhyAndTriesAgain()
    {
        _catalog.WriteFailure = new ServingException(ServingError.Internal, "the disk is full");

        await StartAsync("huggingface/a/b:c.pt");
        Assert.Equal("default/1 failed the disk is full", _reports[0]);
        await _time.WaitForTimerAsync();
        _catalog.WriteFailure = null;
        await _time.StepAsync();
        await _service!.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("default/1 ready", _reports[^1]);
    }

    [Fact]
    public async Task Stop_WhileLoading_EndsWithoutAFailure()
    {
        var loading = new TaskCompletionSource();
        _cluster.Load = async (key, cancellation) =>
        {
            loading.SetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
            return new ModelStatus { Key = key, State = ModelState.Ready };
        };

        await StartAsync("huggingface/a/b:c.pt");
        await loading.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await _service!.StopAsync(default);

        Assert.Equal(["default/1 loading", "default/1 loading"], _reports);
    }

    private async Task RunAsync(string? source, bool jit = false)
    {
        await StartAsync(source, jit);
        await _service!.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30));
        await _service.StopAsync(default);
    }

    private async Task StartAsync(string? source, bool jit = false)
    {
        var model = source is null ? null : new StartupModel(ModelIdParser.Parse(source), jit, "TEST");
        var startup = StartupOptions.Read([], new Dictionary<string, string?>()) with { Model = model };
        _service = new DefaultModelService(startup, _catalog, _cluster, _state, _time, NullLogger<DefaultModelService>.Instance);
        await _service.StartAsync(default);
    }
}

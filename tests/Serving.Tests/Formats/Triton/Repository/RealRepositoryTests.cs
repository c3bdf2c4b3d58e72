using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Granary.Torch;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

/// <summary>A directory in Triton's layout, served by the real catalog, sources, store, cluster and libtorch.</summary>
public sealed class RealRepositoryTests : IAsyncLifetime
{
    private static readonly double[] Row = [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23];

    private readonly TempDirectory _folder = new();
    private readonly ServiceProvider _services;

    public RealRepositoryTests()
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(Substitute.For<IHostApplicationLifetime>());
        services.AddModelSources();
        services.AddModelCatalog(options => options.Directory = Path.Combine(_folder.Path, "catalog"));
        services.AddWeightsStore();
        services.Configure<WeightsStoreOptions>(options =>
        {
            options.Directory = Path.Combine(_folder.Path, "weights");
            options.MinFreeBytes = 0;
        });
        services.AddModelCluster();
        services.AddModelRepositories();
        services.Configure<ModelRepositoryOptions>(options =>
        {
            options.Paths = [Path.Combine(_folder.Path, "repo")];
            options.OverrideDirectory = Path.Combine(_folder.Path, "overrides");
        });
        _services = services.BuildServiceProvider();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
            await service.StopAsync(default);
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    private void Copy(string sample, string path)
    {
        var target = Path.Combine(_folder.Path, "repo", path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "samples", sample), target);
    }

    private async Task<IModelRepository> StartAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(default);
            if (service is BackgroundService { ExecuteTask: { } running })
                await running.WaitAsync(TimeSpan.FromMinutes(1));
        }

        return _services.GetRequiredService<IModelRepository>();
    }

    [Fact]
    public async Task Repository_OfARealModel_IsCallableByItsKey()
    {
        Copy("california_housing.pt", "housing/1/model.pt");
        _folder.File("repo/housing/config.pbtxt", """
            name: "housing" platform: "pytorch_libtorch" max_batch_size: 16
            input { name: "INPUT__0" data_type: TYPE_FP64 dims: [ 8 ] }
            output { name: "OUTPUT__0" data_type: TYPE_FP64 dims: [ 1 ] reshape { shape: [ ] } }
            model_warmup { name: "zeros" batch_size: 4 inputs { key: "INPUT__0" value { data_type: TYPE_FP64 dims: [ 8 ] zero_data: true } } }
            """);

        var repository = await StartAsync();

        Assert.Null(repository.StartFailure);
        Assert.Empty(await repository.NotReadyAsync());
        var served = await _services.GetRequiredService<IServedModels>().GetAsync("housing", "");
        using var row = Tensor.From<double>(DType.Float64, [1, 8], Row);
        using var result = await _services.GetRequiredService<IModelCluster>().InferAsync(served.Key, new InferenceRequest { Inputs = served.Plan!.Arrange([row]) });
        var output = (Tensor)Assert.Single(served.Plan.Pick(result.Value));
        Assert.Equal(4.151943045835225, output.As<double>()[0]);
    }

    [Fact]
    public async Task Repository_WithoutConfig_InfersItAndLearnsFromTheFirstRequest()
    {
        Copy("california_housing.pt", "housing/3/model.pt");
        var repository = await StartAsync();
        var models = _services.GetRequiredService<IServedModels>();

        var before = await models.GetAsync("housing", "3");
        Assert.Equal(("x", "OUTPUT__0", false), (before.Config.Input[0].Name, before.Config.Output[0].Name, before.InputsAreGiven));
        Assert.Same(before, await models.GetAsync("housing", ""));
        models.Observe(before, [new ObservedTensor("x", DataType.Fp64, [1, 8])], [new ObservedTensor("OUTPUT__0", DataType.Fp64, [1])]);
        var after = await models.GetAsync("housing", "");

        Assert.Equal(ModelControlMode.None, repository.ControlMode);
        Assert.Equal((DataType.Fp64, "-1,8"), (after.Config.Input[0].DataType, string.Join(',', after.Config.Input[0].Dims)));
        Assert.Empty(ModelConfigValidator.Validate(after.Config));
        Assert.Equal(0, before.PlanFor([new ObservedTensor("INPUT__0", DataType.Fp64, [1, 8])]).Inputs[0].Argument);
        // What was inferred can be saved and read back.
        Assert.Equal(ModelConfigCodec.ToJson(after.Config), ModelConfigCodec.ToJson(ModelConfigCodec.ParseText(System.Text.Encoding.UTF8.GetBytes(ModelConfigCodec.ToText(after.Config)), "f")));
    }

    [Fact]
    public async Task Repository_ModelThatCannotBeLoaded_StopsTheHost()
    {
        Copy("missing_operator.pt", "odd/1/model.pt");

        var repository = await StartAsync();

        Assert.StartsWith("failed to load all models: failed to load 'odd', version 1: ", repository.StartFailure, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, repository.StartFailure, StringComparison.Ordinal);
        _services.GetRequiredService<IHostApplicationLifetime>().Received(1).StopApplication();
    }

    [Theory]
    [InlineData("none", "", "Request for unknown model: 'none' is not found")]
    [InlineData("housing", "2", "Request for unknown model: 'housing' version 2 is not found")]
    public async Task FindAsync_WhatIsNotThere_IsToldInTritonsWords(string name, string version, string expected)
    {
        Copy("california_housing.pt", "housing/1/model.pt");
        await StartAsync();
        var models = _services.GetRequiredService<IServedModels>();

        Assert.Equal(expected, await Raises.ServingAsync(ServingError.NotFound, async () => await models.GetAsync(name, version)));
    }
}

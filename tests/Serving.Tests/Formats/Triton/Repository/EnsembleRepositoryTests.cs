using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

/// <summary>Ensembles in repositories: what is loaded, in which order, and what is refused.</summary>
public sealed class EnsembleRepositoryTests
{
    private const string Part = "platform: 'pytorch_libtorch' max_batch_size: 4 input { name: 'x' data_type: TYPE_FP32 dims: 2 } output { name: 'y' data_type: TYPE_FP32 dims: 2 }";
    private const string In = "input { name: 'IN' data_type: TYPE_FP32 dims: 2 } ";
    private const string Out = "output { name: 'OUT' data_type: TYPE_FP32 dims: 2 } ";

    private static void Explicit(ModelRepositoryOptions options) => options.ControlMode = ModelControlMode.Explicit;

    private static string Step(string model, string from, string to, string input = "x", string output = "y", int version = -1) =>
        $"step {{ model_name: '{model}' model_version: {version} input_map {{ key: '{input}' value: '{from}' }} output_map {{ key: '{output}' value: '{to}' }} }} ";

    private static string Ensemble(string steps, string tensors = "max_batch_size: 4 " + In + Out) => $"platform: 'ensemble' {tensors} ensemble_scheduling {{ {steps} }}";

    private static void AddPart(RepositoryBed bed, string name, string config = Part)
    {
        bed.Model(name, "one");
        bed.Write($"{name}/config.pbtxt", config);
    }

    [Fact]
    public async Task StartAsync_EnsembleNamedBeforeItsModels_LoadsThemFirst()
    {
        await using var bed = new RepositoryBed();
        bed.Write("a/config.pbtxt", Ensemble(Step("b", "IN", "t", "IN", "OUT") + Step("z", "t", "OUT")));
        bed.Write("b/config.pbtxt", Ensemble(Step("z", "IN", "OUT")));
        AddPart(bed, "z");

        Assert.Empty(await bed.Manager.StartAsync(default));

        Assert.Equal("a 1 Ready;b 1 Ready;z 1 Ready", await bed.IndexAsync());
        Assert.Empty(await bed.Manager.NotReadyAsync());
        Assert.Equal("b z", (await bed.Catalog.FindAsync("a"))!.Default.Annotations[RepositoryAnnotations.Ensemble]);
    }

    [Fact]
    public async Task LoadAsync_Ensemble_LoadsWhatItNeedsAndUnloadsItWithIt()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Write("outer/config.pbtxt", Ensemble(Step("inner", "IN", "OUT", "IN", "OUT")));
        bed.Write("inner/config.pbtxt", Ensemble(Step("one", "IN", "t") + Step("two", "t", "OUT")));
        bed.Write("other/config.pbtxt", Ensemble(Step("two", "IN", "OUT")));
        AddPart(bed, "one");
        AddPart(bed, "two");
        await bed.Manager.StartAsync(default);

        await bed.Manager.LoadAsync("outer");
        Assert.Equal("inner 1 Ready;one 1 Ready;outer 1 Ready;two 1 Ready", await bed.IndexAsync(readyOnly: true));

        await bed.Manager.LoadAsync("other");
        await bed.Manager.UnloadAsync("outer", withDependents: true);
        Assert.Equal("other 1 Ready;two 1 Ready", await bed.IndexAsync(readyOnly: true));

        await bed.Manager.UnloadAsync("other");
        Assert.Equal("two 1 Ready", await bed.IndexAsync(readyOnly: true));
    }

    [Theory]
    [InlineData("one outer", "one 1 Ready")]
    [InlineData("outer one", "one 1 Ready")]
    [InlineData("inner outer", "inner 1 Ready;one 1 Ready;two 1 Ready")]
    [InlineData("one inner !one inner", "")]
    public async Task UnloadAsync_WithDependents_KeepsWhatTheClientLoaded(string actions, string left)
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Write("outer/config.pbtxt", Ensemble(Step("inner", "IN", "OUT", "IN", "OUT")));
        bed.Write("inner/config.pbtxt", Ensemble(Step("one", "IN", "t") + Step("two", "t", "OUT")));
        AddPart(bed, "one");
        AddPart(bed, "two");
        await bed.Manager.StartAsync(default);
        foreach (var action in actions.Split(' '))
        {
            if (action[0] == '!')
                await bed.Manager.UnloadAsync(action[1..]);
            else
                await bed.Manager.LoadAsync(action);
        }

        await bed.Manager.UnloadAsync(actions.Split(' ').Last(static action => action is "outer" or "inner"), withDependents: true);

        Assert.Equal(left, await bed.IndexAsync(readyOnly: true));
    }

    [Fact]
    public async Task UnloadAsync_WithDependentsOfWhatWasNamedAtStart_KeepsThem()
    {
        await using var bed = new RepositoryBed(static options =>
        {
            Explicit(options);
            options.LoadModels = ["e", "one"];
        });
        bed.Write("e/config.pbtxt", Ensemble(Step("one", "IN", "t") + Step("two", "t", "OUT")));
        AddPart(bed, "one");
        AddPart(bed, "two");
        await bed.Manager.StartAsync(default);

        await bed.Manager.UnloadAsync("e", withDependents: true);

        Assert.Equal("one 1 Ready", await bed.IndexAsync(readyOnly: true));
    }

    [Fact]
    public async Task LoadAsync_EnsemblesThatShareModelsAtOnce_NeverWaitForEachOther()
    {
        await using var bed = new RepositoryBed(Explicit);
        AddPart(bed, "one");
        AddPart(bed, "two");
        for (var i = 0; i < 8; i++)
            bed.Write($"e{i}/config.pbtxt", Ensemble(i % 2 == 0 ? Step("one", "IN", "t") + Step("two", "t", "OUT") : Step("two", "IN", "t") + Step("one", "t", "OUT")));
        await bed.Manager.StartAsync(default);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => bed.Manager.LoadAsync($"e{i}"))).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(10, (await bed.Manager.IndexAsync(readyOnly: true)).Count);
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { Ensemble(Step("gone", "IN", "OUT")), "failed to poll from model repository: ensemble e contains models that are not available: gone" },
        { Ensemble(Step("bad", "IN", "OUT")), "failed to poll from model repository: ensemble 'e' depends on 'bad' which has no loaded version. Model 'bad' loading failed with error: failed to load 'bad', version 1: 'bad/1/model.pt' is no model that this server knows" },
        { Ensemble(Step("part", "IN", "OUT", version: 7)), "version 1: ensemble 'e' depends on 'part' whose required version 7 is not loaded" },
        { Ensemble(Step("e", "IN", "OUT", "IN", "OUT")), "failed to poll from model repository: circular dependency between ensembles: e -> e" },
        { Ensemble(Step("circle", "IN", "OUT", "IN", "OUT")), "failed to poll from model repository: circular dependency between ensembles: e -> circle -> e" },
        { Ensemble(Step("part", "IN", "OUT", "q")), "version 1: in ensemble e, ensemble tensor IN is mapping to non-existing input q in model part; in ensemble e, input x in model part is not mapped to any ensemble tensors" },
        { Ensemble(Step("part", "IN", "OUT", output: "q")), "version 1: in ensemble e, ensemble tensor OUT is mapped from non-existing output q in model part" },
        { Ensemble(Step("part", "IN", "t") + Step("whole", "t", "OUT")), "version 1: in ensemble e, ensemble tensor t: inconsistent data type: TYPE_FP32 is inferred from model part while TYPE_INT64 is inferred from model whole" },
        { Ensemble(Step("part", "IN", "t") + Step("three", "t", "OUT")), "version 1: in ensemble e, ensemble tensor t: inconsistent shape: [-1,2] is inferred from model part while [-1,3] is inferred from model three; in ensemble e, ensemble tensor OUT: inconsistent shape: [-1,2] is inferred from model e while [-1,3] is inferred from model three" },
        { Ensemble(Step("part", "IN", "OUT"), "max_batch_size: 8 " + In + Out), "version 1: ensemble e allows maximum batch size 8, but it contains model part which only allows maximum batch size to be 4" },
        { Ensemble(Step("part", "IN", "OUT"), "max_batch_size: 8 " + In), "failed to poll from model repository: ensemble tensor 'OUT' is unused in ensemble 'e'" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task LoadAsync_WrongEnsemble_IsToldInTritonsWords(string config, string expected)
    {
        await using var bed = new RepositoryBed(Explicit);
        AddPart(bed, "part");
        bed.Model("bad", "bad");
        AddPart(bed, "whole", "platform: 'pytorch_libtorch' max_batch_size: 4 input { name: 'x' data_type: TYPE_INT64 dims: 2 } output { name: 'y' data_type: TYPE_FP32 dims: 2 }");
        AddPart(bed, "three", "platform: 'pytorch_libtorch' max_batch_size: 4 input { name: 'x' data_type: TYPE_FP32 dims: 3 } output { name: 'y' data_type: TYPE_FP32 dims: 3 }");
        bed.Write("circle/config.pbtxt", Ensemble(Step("e", "IN", "OUT", "IN", "OUT")));
        bed.Write("e/config.pbtxt", config);
        await bed.Manager.StartAsync(default);

        Assert.Equal($"failed to load 'e', {expected}", await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("e")));
        Assert.Null(await bed.Catalog.FindAsync("e"));
    }

    [Theory]
    [InlineData("dims: -1", "dims: 2")]
    [InlineData("dims: 2", "dims: -1")]
    public async Task LoadAsync_VariableSizes_FitAnyOther(string input, string output)
    {
        await using var bed = new RepositoryBed(Explicit);
        AddPart(bed, "part");
        bed.Write("e/config.pbtxt", Ensemble(Step("part", "IN", "OUT"), $"input {{ name: 'IN' data_type: TYPE_FP32 dims: -1 {input} }} output {{ name: 'OUT' data_type: TYPE_FP32 dims: -1 {output} }}"));
        await bed.Manager.StartAsync(default);

        // Without a batch of its own, its first size is the batch of the model.
        await bed.Manager.LoadAsync("e");

        Assert.Equal("e 1 Ready;part 1 Ready", await bed.IndexAsync(readyOnly: true));
    }

    [Fact]
    public async Task RoundAsync_ModelOfAnEnsembleComesGoesAndChanges_TheEnsembleFollows()
    {
        await using var bed = new RepositoryBed(options => options.ControlMode = ModelControlMode.Poll);
        bed.Write("e/config.pbtxt", Ensemble(Step("part", "IN", "OUT")));
        var poller = new RepositoryPoller(bed.Manager, bed.Options, bed.Clock);
        await poller.BeginAsync(default);
        Assert.Single(await bed.Manager.StartAsync(default));

        async Task RoundsAsync()
        {
            await poller.RoundAsync(default);
            bed.Clock.Advance(bed.Options.SettleTime);
            await poller.RoundAsync(default);
        }

        AddPart(bed, "part");
        await RoundsAsync();
        Assert.Equal("e 1 Ready;part 1 Ready", await bed.IndexAsync());

        Directory.Delete(Path.Combine(bed.Root, "part"), true);
        await RoundsAsync();
        Assert.Equal("e 1 Unavailable ensemble 'e' depends on 'part' which has no loaded version", (await bed.IndexAsync()).Split(';').Last(line => line.StartsWith("e 1", StringComparison.Ordinal)));

        AddPart(bed, "part");
        await RoundsAsync();
        Assert.Equal("e 1 Ready;part 1 Ready", await bed.IndexAsync());
    }

    [Fact]
    public async Task LoadAsync_EnsembleInThePlaceOfAModelAndBack_ServesWhatIsThere()
    {
        await using var bed = new RepositoryBed(Explicit);
        AddPart(bed, "part");
        bed.Model("e", "one");
        await bed.Manager.StartAsync(default);
        await bed.Manager.LoadAsync("e");
        Assert.Equal("2,4", await bed.InferAsync("e", "1"));

        bed.Write("e/config.pbtxt", Ensemble(Step("part", "IN", "OUT")));
        await bed.Manager.LoadAsync("e");
        Assert.True((await bed.Catalog.FindAsync("e"))!.Default.Annotations.ContainsKey(RepositoryAnnotations.Ensemble));

        bed.Write("e/config.pbtxt", "");
        await bed.Manager.LoadAsync("e");
        Assert.Equal("2,4", await bed.InferAsync("e", "1"));
        Assert.Equal("e 1 Ready;part 1 Ready", await bed.IndexAsync(readyOnly: true));
    }
}

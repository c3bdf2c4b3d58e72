using Granary.Grains.Tests.Support;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Grains.Tests;

public sealed class ModelGrainTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Infer_RegisteredModel_AnswersThroughAGrain()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());

        Assert.Equal([2, 4, 6], await fixture.InferAsync(model.Key, [1, 2, 3]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Infer_DeterministicOrNot_ReachesTheModuleAndTellsWhatComputedIt(bool wanted)
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());
        using var input = Tensor.From<double>(DType.Float64, [1], [1]);

        using var result = await fixture.Models.InferAsync(model.Key, new InferenceRequest { Inputs = [new Argument(null, input)], Deterministic = wanted, WantsProvenance = wanted });

        Assert.Equal(wanted, ModelLog.Of(model.Name).WasDeterministic);
        Assert.Equal(wanted ? new string('a', 64) : null, result.Provenance?.Sha256);
    }

    [Fact]
    public async Task Infer_TwoHundredFirstCallers_LoadOnce()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => fixture.InferAsync(model.Key, [i])));

        Assert.Equal(Enumerable.Range(0, 200).Select(i => 2.0 * i), answers.Select(answer => answer[0]));
        Assert.Equal(1, ModelLog.Of(model.Name).Loads);
    }

    [Fact]
    public async Task Infer_UnknownModel_IsNotFoundAndWakesNoGrain()
    {
        var error = await Assert.ThrowsAsync<ServingException>(() => fixture.InferAsync(new ModelKey("nobody", "1"), [1]));

        Assert.Equal(ServingError.NotFound, error.Error);
        Assert.Contains("nobody", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Board.Silos, silo => silo.Models.Any(resident => resident.GrainKey.StartsWith("nobody", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Infer_AdHocSource_IsServedWhenThePolicyAllowsIt()
    {
        var allowed = ModelKey.AdHoc(new ModelId(ModelSourceKind.HuggingFace, "org/adhoc", "main", "model.pt"));
        var refused = ModelKey.AdHoc(new ModelId(ModelSourceKind.HuggingFace, "evil/adhoc", null, "model.pt"));

        Assert.Equal([8], await fixture.InferAsync(allowed, [4]));
        var error = await Assert.ThrowsAsync<ServingException>(() => fixture.InferAsync(refused, [4]));
        Assert.Equal(ServingError.PermissionDenied, error.Error);
    }

    [Fact]
    public async Task Infer_ModelRaises_CarriesKindAndMessage()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());

        var error = await Assert.ThrowsAsync<ServingException>(() => fixture.InferAsync(model.Key, [1], "fail"));

        Assert.Equal(ServingError.ModelFailed, error.Error);
        Assert.Contains("no such luck", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_ModelThatDoesNotLoad_SaysWhyEveryTime()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define("broken"));

        for (var i = 0; i < 3; i++)
        {
            var error = await Assert.ThrowsAsync<ServingException>(() => fixture.InferAsync(model.Key, [1]));
            Assert.Contains("did not answer", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Infer_EveryKindOfValue_ReturnsAsItWent()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());
        using var sent = Samples.Everything();

        using var result = await fixture.Models.InferAsync(model.Key, new InferenceRequest { Inputs = [new Argument(null, sent)], Method = "echo" });

        Assert.Equal(Samples.Print(sent), Samples.Print(result.Value));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 10)]
    [InlineData(1 << 20)]
    [InlineData(64 << 20)]
    public async Task Infer_PayloadOfAnySize_ReturnsEveryByte(int bytes)
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());
        using var sent = Tensor.Rent(DType.UInt8, [bytes]);
        new Random(bytes).NextBytes(sent.Bytes);

        using var result = await fixture.Models.InferAsync(model.Key, new InferenceRequest { Inputs = [new Argument(null, sent)], Method = "echo" });

        Assert.True(sent.Bytes.SequenceEqual(((Tensor)result.Value).Bytes));
    }

    [Fact]
    public async Task Infer_CallerCancels_IsReleasedAndTheInputStaysWhole()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define() with { Instances = 1 });
        var log = ModelLog.Of(model.Name);
        log.Gate = new TaskCompletionSource();
        using var cancelled = new CancellationTokenSource();

        var call = fixture.InferAsync(model.Key, [1], cancellation: cancelled.Token);
        await log.Entered.WaitAsync();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        log.Gate.SetResult();
        log.Gate = null;

        Assert.Equal([10], await fixture.InferAsync(model.Key, [5]));
    }

    [Fact]
    public async Task Infer_DeadlineWhileQueued_IsToldAsSuch()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define() with { Instances = 1 });
        await fixture.InferAsync(model.Key, [1]);
        var log = ModelLog.Of(model.Name);
        while (log.Entered.CurrentCount > 0)
            await log.Entered.WaitAsync();
        log.Gate = new TaskCompletionSource();
        var first = fixture.InferAsync(model.Key, [1]);
        await log.Entered.WaitAsync();

        using var input = Tensor.From<double>(DType.Float64, [1], [1.0]);
        var request = new InferenceRequest { Inputs = [new Argument(null, input)], Timeout = TimeSpan.FromMilliseconds(50) };
        var error = await Assert.ThrowsAsync<ServingException>(() => fixture.Models.InferAsync(model.Key, request).AsTask());
        log.Gate.SetResult();
        log.Gate = null;

        Assert.Equal(ServingError.DeadlineExceeded, error.Error);
        Assert.Equal([2], await first);
    }

    [Fact]
    public async Task Unload_LoadedModel_GivesItsMemoryBackAndTheNextCallLoadsAgain()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());
        await fixture.InferAsync(model.Key, [1]);
        await ClusterFixture.UntilAsync(() => fixture.Board.Silos.Any(silo => silo.Models.Any(resident => resident.GrainKey == model.Key.ToString())), "the board shows the model");

        Assert.True(await fixture.Models.UnloadAsync(model.Key));

        Assert.Equal(0, ModelLog.Of(model.Name).Live);
        Assert.Equal([2], await fixture.InferAsync(model.Key, [1]));
        Assert.Equal(2, ModelLog.Of(model.Name).Loads);
    }

    [Fact]
    public async Task IdleModel_AfterItsTime_Leaves()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define() with { IdleTimeout = TimeSpan.FromMilliseconds(200) });
        await fixture.InferAsync(model.Key, [1]);

        await ClusterFixture.UntilAsync(() => ModelLog.Of(model.Name).Live == 0, "the idle model left");
        await ClusterFixture.UntilAsync(() => !fixture.Board.Silos.Any(silo => silo.Models.Any(resident => resident.GrainKey == model.Key.ToString())), "its grain left");

        Assert.Equal([2], await fixture.InferAsync(model.Key, [1]));
    }

    [Fact]
    public async Task Pin_IdleModel_Stays()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define() with { IdleTimeout = TimeSpan.FromMilliseconds(100) });
        var other = await fixture.RegisterAsync(ClusterFixture.Define() with { IdleTimeout = TimeSpan.FromMilliseconds(100) });
        Assert.True((await fixture.Models.PinAsync(model.Key, true)).Pinned);
        await fixture.InferAsync(model.Key, [1]);
        await fixture.InferAsync(other.Key, [1]);

        await ClusterFixture.UntilAsync(() => ModelLog.Of(other.Name).Live == 0, "the one that is not pinned left");

        Assert.Equal(1, ModelLog.Of(model.Name).Live);
    }

    [Fact]
    public async Task Delete_RegisteredModel_SendsItsGrainAway()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());
        await fixture.InferAsync(model.Key, [1]);

        Assert.True(await fixture.Catalog.DeleteAsync(model.Key));

        await ClusterFixture.UntilAsync(() => ModelLog.Of(model.Name).Live == 0, "the deleted model left");
        var error = await Assert.ThrowsAsync<ServingException>(() => fixture.InferAsync(model.Key, [1]));
        Assert.Equal(ServingError.NotFound, error.Error);
    }

    [Fact]
    public async Task GetStatus_LoadedModel_NamesSiloStateAndMethods()
    {
        var model = await fixture.RegisterAsync(ClusterFixture.Define());

        var loaded = await fixture.Models.LoadAsync(model.Key);
        await ClusterFixture.UntilAsync(() => fixture.Board.Silos.Any(silo => silo.Models.Any(resident => resident.GrainKey == model.Key.ToString())), "the board shows the model");
        var status = await fixture.Models.GetStatusAsync(model.Key);

        Assert.Equal(ModelState.Ready, loaded.State);
        Assert.Equal(ModelState.Ready, status.State);
        Assert.Contains(fixture.Board.Silos, silo => silo.Silo == status.Silo);
        Assert.Equal(["forward", "echo", "fail"], status.Methods.Select(method => method.Name));
        Assert.Contains(await fixture.Models.ListAsync(), listed => listed.Key == model.Key);
    }
}

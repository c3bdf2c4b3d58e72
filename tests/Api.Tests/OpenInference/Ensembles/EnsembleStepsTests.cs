using System.Text;
using Granary.Api.OpenInference;
using Granary.Api.OpenInference.Ensembles;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.OpenInference.Ensembles;

/// <summary>When steps run, and when their tensors are given back.</summary>
public sealed class EnsembleStepsTests
{
    private const string Diamond = """
        name: 'd' platform: 'ensemble' input { name: 'IN' data_type: TYPE_FP32 dims: 1 } output { name: 'OUT' data_type: TYPE_FP32 dims: 1 }
        ensemble_scheduling {
          step { model_name: 'last' model_version: -1 input_map { key: 'a' value: 'l' } input_map { key: 'b' value: 'r' } output_map { key: 'y' value: 'OUT' } }
          step { model_name: 'left' model_version: -1 input_map { key: 'x' value: 'IN' } output_map { key: 'y' value: 'l' } }
          step { model_name: 'right' model_version: -1 input_map { key: 'x' value: 'IN' } output_map { key: 'y' value: 'r' } }
        }
        """;

    private readonly Dictionary<string, TaskCompletionSource<V2Answer>> _answers = new[] { "left", "right", "last" }.ToDictionary(
        static name => name, static _ => new TaskCompletionSource<V2Answer>(TaskCreationOptions.RunContinuationsAsynchronously));
    private readonly Dictionary<string, TaskCompletionSource> _calls = new[] { "left", "right", "last" }.ToDictionary(
        static name => name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    private readonly Dictionary<string, string> _inputs = [];
    private readonly ServedModel _ensemble;
    private readonly EnsembleTensors _tensors;
    private readonly EnsembleSteps _steps;

    public EnsembleStepsTests()
    {
        var config = ModelConfigCodec.ParseText(Encoding.UTF8.GetBytes(Diamond), "f");
        var plan = EnsemblePlan.Of(config)!;
        _ensemble = Model("d") with { Config = config, Ensemble = plan };
        var request = new V2Request();
        request.Inputs.Add(new V2Input("IN", DataType.Fp32, [1], Tensor.From<float>(DType.Float32, [1], [1])));
        var wanted = new[] { plan.IndexOf("OUT") };
        _tensors = new EnsembleTensors(plan, plan.StagesFor(wanted), wanted, request);
        _steps = new EnsembleSteps(_ensemble, plan, [.. plan.Stages.Select(stage => Model(stage.Model))], _tensors, InferAsync, CancellationToken.None);
    }

    private static ServedModel Model(string name) =>
        new(new ModelDefinition { Name = name, Version = "1", Source = ModelIdParser.Parse("local/x") }, new ModelConfig { Name = name }, null, false, false);

    private async ValueTask<V2Answer> InferAsync(ServedModel model, V2Request request)
    {
        _inputs[model.Definition.Name] = string.Join(' ', request.Inputs.Select(static input => $"{input.Name}={((Tensor)input.Value).As<float>()[0]}"));
        _calls[model.Definition.Name].SetResult();
        return await _answers[model.Definition.Name].Task;
    }

    private Owner Answer(string model, float value)
    {
        var owner = new Owner();
        _answers[model].SetResult(new V2Answer(
            new V2Result(model, "1", "", [V2ResultOutput.Of("y", Tensor.From<float>(DType.Float32, [1], [value]), false)]), owner,
            new InferenceTiming(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(value))));
        return owner;
    }

    private Task StartedAsync(string model) => _calls[model].Task.WaitAsync(TimeSpan.FromSeconds(30));

    [Fact]
    public async Task RunAsync_StepsThatNeedNothingOfEachOther_RunAtOnce()
    {
        var running = _steps.RunAsync();
        await StartedAsync("left");
        await StartedAsync("right");
        Assert.False(_calls["last"].Task.IsCompleted);

        var left = Answer("left", 2);
        var right = Answer("right", 3);
        await StartedAsync("last");
        Assert.Equal("a=2 b=3", _inputs["last"]);
        Assert.False(left.IsDisposed);
        var last = Answer("last", 4);
        await running;

        Assert.True(left.IsDisposed && right.IsDisposed);
        Assert.False(last.IsDisposed);
        Assert.Equal(new InferenceTiming(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(9)), _steps.Timing);
        _tensors.Dispose();
        Assert.True(last.IsDisposed);
    }

    [Fact]
    public async Task RunAsync_OneOfTwoFails_TheOthersAnswerIsDropped()
    {
        var running = _steps.RunAsync();
        await StartedAsync("left");
        await StartedAsync("right");
        _answers["left"].SetException(new ServingException(ServingError.ModelFailed, "too hot"));

        var exception = await Assert.ThrowsAsync<ServingException>(() => running);
        Assert.Equal((ServingError.ModelFailed, "in ensemble 'd', model 'left': too hot"), (exception.Error, exception.Message));

        var ending = _steps.EndAsync();
        Assert.False(ending.IsCompleted);
        var right = Answer("right", 3);
        await ending.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(right.IsDisposed);
        Assert.False(_calls["last"].Task.IsCompleted);
    }

    [Fact]
    public async Task RunAsync_StepWithLimit_LetsSoManyRequestsInAndOthersWait()
    {
        var config = ModelConfigCodec.ParseText(Encoding.UTF8.GetBytes("""
            name: 'one' platform: 'ensemble' input { name: 'IN' data_type: TYPE_FP32 dims: 1 } output { name: 'OUT' data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling {
              max_inflight_requests: 2
              step { model_name: 'm' model_version: -1 input_map { key: 'x' value: 'IN' } output_map { key: 'y' value: 'OUT' } }
            }
            """), "f");
        var plan = EnsemblePlan.Of(config)!;
        var inside = new List<TaskCompletionSource<V2Answer>>();
        using var gone = new CancellationTokenSource();
        var runs = Enumerable.Range(0, 4).Select(i => Steps(i == 3 ? gone.Token : default).RunAsync()).ToList();

        Assert.Equal(2, inside.Count);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runs[3]);
        inside[0].SetException(new ServingException(ServingError.ModelFailed, "why"));
        await Assert.ThrowsAsync<ServingException>(() => runs[0]);
        await UntilAsync(() => Count() == 3);
        for (var i = 1; i < 3; i++)
            inside[i].SetResult(new V2Answer(new V2Result("m", "1", "", [V2ResultOutput.Of("y", Tensor.From<float>(DType.Float32, [1], [1]), false)]), new Owner()));
        await Task.WhenAll(runs[1], runs[2]);
        Assert.Equal(2, plan.PlacesOf(0)!.CurrentCount);

        int Count()
        {
            lock (inside)
                return inside.Count;
        }

        EnsembleSteps Steps(CancellationToken cancellation)
        {
            var request = new V2Request();
            request.Inputs.Add(new V2Input("IN", DataType.Fp32, [1], Tensor.From<float>(DType.Float32, [1], [1])));
            var wanted = new[] { plan.IndexOf("OUT") };
            var tensors = new EnsembleTensors(plan, plan.StagesFor(wanted), wanted, request);
            return new EnsembleSteps(Model("one") with { Config = config, Ensemble = plan }, plan, [Model("m")], tensors, (_, _) =>
            {
                var answer = new TaskCompletionSource<V2Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (inside)
                    inside.Add(answer);
                return new ValueTask<V2Answer>(answer.Task);
            }, cancellation);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 30_000, "the condition never became true");
            await Task.Delay(1);
        }
    }

    private sealed class Owner : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}

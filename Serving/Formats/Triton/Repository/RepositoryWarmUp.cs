using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Checks a loaded module against its configuration, then makes the requests of <c>model_warmup</c>.</summary>
internal sealed class RepositoryWarmUp(LoadPlan plan, IModelCluster cluster)
{
    private const int MaxInputBytes = 1 << 30;

    /// <exception cref="ServingException">The configuration does not fit the module, or a warm-up request failed.</exception>
    public async Task RunAsync(ModelKey key, IReadOnlyList<MethodSchema> methods, Action<string> warn, CancellationToken cancellation)
    {
        if (methods.FirstOrDefault(static method => method.Name == "forward") is not { } forward)
            return;
        var config = SchemaConfig.Complete(plan.Config, forward);
        // Inputs that only the signature names may be a guess; nothing is refused because of them.
        if (plan.Config.Input.Count == 0 && plan.Config.ModelWarmup.Count == 0)
            return;
        var arguments = ArgumentPlanner.Plan(config, forward);
        foreach (var warning in arguments.Warnings)
            warn(warning);
        foreach (var warmup in plan.Config.ModelWarmup)
            await RunAsync(key, config, arguments, warmup, cancellation);
    }

    private async Task RunAsync(ModelKey key, ModelConfig config, ArgumentPlan arguments, ModelWarmup warmup, CancellationToken cancellation)
    {
        if (warmup.Inputs.Keys.FirstOrDefault(name => config.Input.All(input => input.Name != name)) is { } unknown)
            throw Wrong(warmup, $"unexpected inference input '{unknown}' for model '{config.Name}'");
        var values = new Value?[config.Input.Count];
        try
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = await MakeAsync(config, config.Input[i], warmup, cancellation);
            var request = new InferenceRequest { Inputs = arguments.Arrange(values), Deterministic = true };
            for (var count = Math.Max(1, warmup.Count); count > 0; count--)
                (await cluster.InferAsync(key, request, cancellation)).Dispose();
        }
        catch (ServingException error) when (!error.Message.StartsWith("warm-up", StringComparison.Ordinal))
        {
            throw Wrong(warmup, error.Message);
        }
        finally
        {
            foreach (var value in values)
                value?.Dispose();
        }
    }

    private async Task<Value?> MakeAsync(ModelConfig config, ModelInput input, ModelWarmup warmup, CancellationToken cancellation)
    {
        if (!warmup.Inputs.TryGetValue(input.Name, out var sample))
            return input.Optional ? null : throw Wrong(warmup, $"it has no input '{input.Name}'");
        if (sample.DataType != input.DataType)
            throw Wrong(warmup, $"input '{input.Name}' has data type TYPE_{sample.DataType.ToString().ToUpperInvariant()}, the model has TYPE_{input.DataType.ToString().ToUpperInvariant()}");
        if (sample.Dims.Any(static dim => dim < 0))
            throw Wrong(warmup, $"input '{input.Name}' has a negative dimension");
        // Where a reshape is given without variable sizes, it is what the model sees.
        var dims = input.Reshape is { } reshape && !reshape.Shape.Contains(-1) ? reshape.Shape : sample.Dims;
        var rows = Math.Max(1, warmup.BatchSize);
        long[] shape = config.HasBatchDimension ? [rows, .. dims] : [.. dims];
        if (sample.DataType.ToDType() is not { } dtype)
            return Texts(warmup, shape);
        if (Size(shape) * dtype.ElementSize() > MaxInputBytes)
            throw Wrong(warmup, $"input '{input.Name}' has more than {MaxInputBytes:N0} bytes");
        var tensor = Tensor.Rent(dtype, shape);
        try
        {
            await FillAsync(tensor, input.Name, sample, warmup, cancellation);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private async Task FillAsync(Tensor tensor, string input, WarmupInput sample, ModelWarmup warmup, CancellationToken cancellation)
    {
        if (sample.InputDataFile is { } name)
        {
            if (plan.Model.Find($"warmup/{name}") is not { Fault: null } file)
                throw Wrong(warmup, $"there is no file 'warmup/{name}' for input '{input}'");
            var bytes = await plan.Model.Store.ReadAsync(file, MaxInputBytes, cancellation);
            if (bytes.Length != tensor.ByteLength)
                throw Wrong(warmup, $"'warmup/{name}' has {bytes.Length:N0} bytes, input '{input}' needs {tensor.ByteLength:N0}");
            bytes.CopyTo(tensor.Bytes);
        }
        else
        {
            Fill(tensor, sample.RandomData is true);
        }
    }

    private static void Fill(Tensor tensor, bool random)
    {
        tensor.Bytes.Clear();
        if (!random)
            return;
        // The same numbers at every start; small ones, which indices and normalised inputs can bear.
        var numbers = new Random(tensor.Bytes.Length);
        switch (tensor.DType)
        {
            case DType.Float32:
                foreach (ref var value in tensor.As<float>())
                    value = numbers.NextSingle();
                break;
            case DType.Float64:
                foreach (ref var value in tensor.As<double>())
                    value = numbers.NextDouble();
                break;
            case DType.Float16:
                foreach (ref var value in tensor.As<Half>())
                    value = (Half)numbers.NextSingle();
                break;
            case DType.BFloat16:
                foreach (ref var value in tensor.As<ushort>())
                    value = (ushort)(BitConverter.SingleToUInt32Bits(numbers.NextSingle()) >> 16);
                break;
            default:
                // The lowest byte of each element: 0 or 1, right for every whole type and for BOOL.
                for (var i = 0; i < tensor.Bytes.Length; i += tensor.DType.ElementSize())
                    tensor.Bytes[i] = (byte)numbers.Next(2);
                break;
        }
    }

    private static ListValue Texts(ModelWarmup warmup, long[] shape)
    {
        var count = Size(shape);
        return count <= 1 << 20 ? new ListValue([.. Enumerable.Range(0, (int)count).Select(static _ => new StringValue(""))]) : throw Wrong(warmup, "it has too many strings");
    }

    private static double Size(long[] shape) => shape.Aggregate(1d, static (product, size) => product * size);

    private static ServingException Wrong(ModelWarmup warmup, string what) => new(ServingError.InvalidArgument, $"warm-up '{warmup.Name}': {what}");
}

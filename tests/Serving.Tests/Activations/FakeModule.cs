using Granary.Serving.Activations;
using Granary.Torch;

namespace Granary.Serving.Tests.Activations;

/// <summary>A module in managed code that notices calls after its end. <c>forward(x: Tensor)</c> doubles float64 by default.</summary>
internal sealed class FakeModule(Func<string, Argument[], Value>? body = null) : ILoadedModel
{
    private int _running;
    private int _maxRunning;
    private int _disposed;
    private int _calls;
    private int _results;

    public IReadOnlyList<MethodSchema> Methods { get; init; } = [new("forward", [new("x", "Tensor", false, null)], "Tensor")];

    public string Device { get; init; } = "cpu";

    public string Sha256 { get; init; } = new('a', 64);

    public long ParameterBytes { get; init; } = 100;

    public int Calls => Volatile.Read(ref _calls);

    public int MaxRunning => Volatile.Read(ref _maxRunning);

    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Results that nobody disposed yet.</summary>
    public int LiveResults => Volatile.Read(ref _results);

    public bool WasMisused { get; private set; }

    public static Value Double(Argument[] arguments)
    {
        var x = (Tensor)arguments[0].Value;
        var y = Tensor.Rent(x.DType, x.Shape);
        for (var i = 0; i < x.ElementCount; i++)
            y.As<double>()[i] = 2 * x.As<double>()[i];
        return y;
    }

    public ForwardResult Invoke(string method, ReadOnlySpan<Argument> arguments, bool deterministic)
    {
        var running = Interlocked.Increment(ref _running);
        WasMisused |= IsDisposed;
        Interlocked.Increment(ref _calls);
        InterlockedMax(ref _maxRunning, running);
        try
        {
            var value = body is null ? Double(arguments.ToArray()) : body(method, arguments.ToArray());
            Interlocked.Increment(ref _results);
            return new ForwardResult(value, new Owner(() =>
            {
                Interlocked.Decrement(ref _results);
                value.Dispose();
            }));
        }
        finally
        {
            WasMisused |= IsDisposed;
            Interlocked.Decrement(ref _running);
        }
    }

    public void Dispose()
    {
        WasMisused |= Volatile.Read(ref _running) != 0;
        WasMisused |= Interlocked.Increment(ref _disposed) != 1;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (seen < value)
            seen = Interlocked.CompareExchange(ref target, value, seen) is var now && now == seen ? value : now;
    }

    private sealed class Owner(Action release) : IDisposable
    {
        public void Dispose() => release();
    }
}

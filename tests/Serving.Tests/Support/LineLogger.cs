using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Tests.Support;

/// <summary>Keeps what was logged, and hands each line on.</summary>
internal sealed class LineLogger<T>(Action<string>? each = null) : ILogger<T>
{
    private readonly SemaphoreSlim _logged = new(0);

    public ConcurrentQueue<string> Lines { get; } = [];

    /// <summary>Completes when one more line was logged since the last call; fails after 30 seconds.</summary>
    public async Task Next() => Assert.True(await _logged.WaitAsync(TimeSpan.FromSeconds(30)), "nothing more was logged");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{logLevel}: {formatter(state, exception)}";
        Lines.Enqueue(line);
        _logged.Release();
        each?.Invoke(line);
    }
}

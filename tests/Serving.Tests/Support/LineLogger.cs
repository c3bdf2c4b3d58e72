using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Tests.Support;

/// <summary>Keeps what was logged, and hands each line on.</summary>
internal sealed class LineLogger<T>(Action<string>? each = null) : ILogger<T>
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{logLevel}: {formatter(state, exception)}";
        Lines.Enqueue(line);
        each?.Invoke(line);
    }
}

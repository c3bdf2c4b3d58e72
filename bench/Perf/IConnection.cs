namespace Granary.Bench.Perf;

/// <summary>One connection that carries one request at a time.</summary>
internal interface IConnection : IDisposable
{
    /// <summary>Sends the request and reads the answer to its end; false when the server refused it.</summary>
    Task<bool> AskAsync(CancellationToken cancellation);
}

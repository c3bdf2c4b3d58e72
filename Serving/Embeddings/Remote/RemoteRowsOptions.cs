namespace Granary.Serving.Embeddings.Remote;

/// <summary>How embedding servers elsewhere are called.</summary>
public sealed record RemoteRowsOptions
{
    /// <summary>Longest wait for the answers to a batch, and for each check at start. Default 10 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between two checks while servers are not ready. Default 1 second, as in Persia.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);
}

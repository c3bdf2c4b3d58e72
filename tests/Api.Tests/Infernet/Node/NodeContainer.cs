namespace Granary.Api.Tests.Infernet.Node;

/// <summary>What a node's configuration says of one container. Source: infernet-node, <c>src/shared/config.py</c>.</summary>
internal sealed record NodeContainer(string Id)
{
    /// <summary>Where it is when the node does not manage it; read for jobs only.</summary>
    public string Url { get; init; } = "";

    public string Bearer { get; init; } = "";

    public int Port { get; init; } = 3000;
}

/// <summary>How a container call ended: <paramref name="Output"/> is JSON text, null when <paramref name="Error"/> tells why there is none.</summary>
internal sealed record ContainerOutput(string Container, string? Output, string? Error)
{
    public bool IsError => Error is not null;
}

/// <summary>A job as <c>GET /api/jobs</c> shows it.</summary>
internal sealed record NodeJob(string Status, ContainerOutput Result, IReadOnlyList<ContainerOutput> Intermediate);

/// <summary>What a node would send to the coordinator; every field as it goes into the transaction.</summary>
internal sealed record Delivery(byte[] Input, byte[] Output, byte[] Proof);

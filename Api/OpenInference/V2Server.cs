using Granary.Api.Health;
using Microsoft.Extensions.Options;

namespace Granary.Api.OpenInference;

/// <summary>What the protocol tells of the server itself.</summary>
internal sealed class V2Server(HealthProbe probe, IOptions<OpenInferenceOptions> options)
{
    /// <summary>The extensions that work here, in Triton's words and order. Source: triton-inference-server/core, <c>src/server.cc</c>.</summary>
    public static readonly IReadOnlyList<string> Extensions =
    [
        "classification", "model_repository", "model_repository(unload_dependents)", "schedule_policy", "model_configuration",
        "binary_tensor_data", "parameters", "statistics", "logging",
    ];

    /// <summary>The server's name in its metadata.</summary>
    public string Name { get; } = options.Value.ServerId;

    /// <summary>The server's version.</summary>
    public static string Version => BuildMetrics.Version;

    /// <summary>Whether to send requests.</summary>
    public async ValueTask<bool> IsReadyAsync(CancellationToken cancellation) => (await probe.ReadyAsync(cancellation)).Reasons is null;
}

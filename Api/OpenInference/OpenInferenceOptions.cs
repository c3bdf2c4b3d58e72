namespace Granary.Api.OpenInference;

/// <summary>What the Open Inference protocol says of this server.</summary>
internal sealed class OpenInferenceOptions
{
    /// <summary>Configuration section.</summary>
    public const string SectionName = "Granary:OpenInference";

    /// <summary>The server's name in its metadata. Default <c>triton</c>, which clients of Triton look for.</summary>
    public string ServerId { get; set; } = "triton";

    /// <summary>
    /// Accepted because deployments of Triton name it: there it makes headers parameters of requests, which TorchScript models do not see.
    /// Changes nothing. Default null.
    /// </summary>
    public string? HttpHeaderForwardPattern { get; set; }

    /// <summary>The same for gRPC's metadata. Default null.</summary>
    public string? GrpcHeaderForwardPattern { get; set; }
}

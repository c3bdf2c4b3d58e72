namespace Granary.Api.TorchServe;

/// <summary>An answer of TorchServe's own that is no success: its status and the name of its exception.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="type">Simple name of the exception that TorchServe would have thrown, which clients look at.</param>
/// <param name="message">Goes to the caller as it is.</param>
internal sealed class TorchServeException(int status, string type, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Type { get; } = type;

    public static TorchServeException ModelNotFound(string name) =>
        new(StatusCodes.Status404NotFound, "ModelNotFoundException", $"Model not found: {name}");

    public static TorchServeException VersionNotFound(string name, string version) =>
        new(StatusCodes.Status404NotFound, "ModelVersionNotFoundException", $"Model version: {version} does not exist for model: {name}");

    public static TorchServeException NoResource() =>
        new(StatusCodes.Status404NotFound, "ResourceNotFoundException", "Requested resource is not found, please refer to API document.");

    public static TorchServeException MethodNotAllowed() =>
        new(StatusCodes.Status405MethodNotAllowed, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.");

    public static TorchServeException BadRequest(string message) => new(StatusCodes.Status400BadRequest, "BadRequestException", message);

    /// <summary>A model that was scaled to no workers.</summary>
    public static TorchServeException NoWorker(string name, string? version) => new(
        StatusCodes.Status503ServiceUnavailable,
        "ServiceUnavailableException",
        $"Model \"{name}{(version is null ? "" : $"\" Version {version}")}\" has no worker to serve inference request. Please use scale workers API to add workers. "
        + "If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize");
}

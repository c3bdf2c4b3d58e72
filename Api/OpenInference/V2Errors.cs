using Granary.Serving;

namespace Granary.Api.OpenInference;

/// <summary>The protocol's way to say what is wrong with a request.</summary>
internal static class V2Errors
{
    /// <summary>A request that does not fit the protocol.</summary>
    public static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);

    /// <summary>A request that does not fit the model; Triton names the request in front.</summary>
    public static ServingException Invalid(string id, string message) =>
        new(ServingError.InvalidArgument, $"[request id: {(id.Length > 0 ? id : "<id_unknown>")}] {message}");
}

using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>The one place that turns failures of libtorch into failures of a request.</summary>
internal static class TorchErrors
{
    /// <summary>A call failed.</summary>
    public static ServingException OfCall(Exception exception, ModelKey key, string method) => exception switch
    {
        ServingException serving => serving,
        TorchException torch => new ServingException(OfCall(torch.Failure), $"model '{key}' failed in '{method}': {torch.Message}", torch),
        OutOfMemoryException memory => new ServingException(ServingError.Overloaded, $"model '{key}' ran out of memory in '{method}'; send a smaller request or try again later", memory),
        _ => new ServingException(ServingError.Internal, $"model '{key}' failed in '{method}' for an internal reason ({exception.GetType().Name})", exception),
    };

    /// <summary>A load failed.</summary>
    public static ServingException OfLoad(Exception exception, ModelDefinition definition)
    {
        var error = OfLoad(exception, definition.Key);
        // Only the operator can name an absolute path outside the roots; where files are on this host is nobody else's business.
        if (definition is not { Trusted: true, Source: { Source: ModelSourceKind.Local, Repository: ['/', ..] path } } || !error.Message.Contains(path, StringComparison.Ordinal))
            return error;
        return new ServingException(error.Error, error.Message.Replace(path, "…/" + Path.GetFileName(path), StringComparison.Ordinal), error) { RetryAfter = error.RetryAfter };
    }

    private static ServingException OfLoad(Exception exception, ModelKey key) => exception switch
    {
        ServingException serving => serving,
        TorchException torch => new ServingException(OfLoad(torch.Failure), $"model '{key}' cannot be loaded: {torch.Message}", torch),
        OperationCanceledException cancelled => new ServingException(ServingError.Unavailable, $"the load of model '{key}' was given up because the model is being unloaded", cancelled),
        OutOfMemoryException memory => new ServingException(ServingError.Overloaded, $"there is not enough memory to load model '{key}'", memory),
        _ => new ServingException(ServingError.Internal, $"model '{key}' cannot be loaded for an internal reason ({exception.GetType().Name})", exception),
    };

    private static ServingError OfCall(TorchFailure failure) => failure switch
    {
        TorchFailure.Model => ServingError.ModelFailed,
        TorchFailure.Arguments => ServingError.InvalidArgument,
        TorchFailure.NoMethod => ServingError.InvalidArgument,
        TorchFailure.OutOfMemory => ServingError.Overloaded,
        TorchFailure.Unsupported or TorchFailure.MissingOperator => ServingError.Unsupported,
        _ => ServingError.Internal,
    };

    private static ServingError OfLoad(TorchFailure failure) => failure switch
    {
        TorchFailure.Load or TorchFailure.MissingOperator or TorchFailure.Unsupported => ServingError.Unsupported,
        TorchFailure.Arguments => ServingError.InvalidArgument,
        TorchFailure.OutOfMemory => ServingError.Overloaded,
        TorchFailure.Model => ServingError.ModelFailed,
        _ => ServingError.Internal,
    };
}

namespace Granary.Serving;

/// <summary>Why a request failed. Each protocol maps these to its own wire form in one file.</summary>
public enum ServingError
{
    /// <summary>The request is malformed or does not fit the model, which may lack the method that it names.</summary>
    InvalidArgument,

    /// <summary>No such model, version or file.</summary>
    NotFound,

    /// <summary>The thing to create exists already.</summary>
    AlreadyExists,

    /// <summary>The caller may not do this, or the source is not on an allow-list.</summary>
    PermissionDenied,

    /// <summary>The caller did not say who it is, or a token is wrong.</summary>
    Unauthenticated,

    /// <summary>Understood, but not something this server does.</summary>
    Unsupported,

    /// <summary>A size limit is exceeded.</summary>
    TooLarge,

    /// <summary>Queues or memory are full; try again later.</summary>
    Overloaded,

    /// <summary>The model exists but cannot serve now: failed load in back-off, draining, no suitable silo.</summary>
    Unavailable,

    /// <summary>Where the weights are kept did not answer, or answered wrongly.</summary>
    SourceFailed,

    /// <summary>The deadline of the request passed.</summary>
    DeadlineExceeded,

    /// <summary>The caller went away.</summary>
    Cancelled,

    /// <summary>The model's own code raised.</summary>
    ModelFailed,

    /// <summary>A defect or a broken environment.</summary>
    Internal,
}

namespace Granary.Torch;

/// <summary>Why a call into libtorch failed.</summary>
public enum TorchFailure
{
    /// <summary>The model's own code raised or an operator failed on the data.</summary>
    Model = 1,

    /// <summary>The arguments do not fit the method's schema.</summary>
    Arguments = 2,

    /// <summary>The file is no TorchScript archive, is truncated or cannot be read.</summary>
    Load = 3,

    /// <summary>The model needs an operator or a type that this libtorch lacks.</summary>
    MissingOperator = 4,

    /// <summary>A value of a kind that cannot cross the seam: a device, a custom class, a sparse tensor.</summary>
    Unsupported = 5,

    /// <summary>Memory ran out on the CPU or the GPU.</summary>
    OutOfMemory = 6,

    /// <summary>The shim or libtorch is missing or of another version.</summary>
    Library = 7,

    /// <summary>No such method.</summary>
    NoMethod = 8,

    /// <summary>Anything else.</summary>
    Internal = 9,
}

/// <summary>A call into libtorch failed; the message is for people and carries no C++ stack.</summary>
public sealed class TorchException(TorchFailure failure, string message) : Exception(message)
{
    /// <summary>What kind of failure.</summary>
    public TorchFailure Failure { get; } = failure;
}

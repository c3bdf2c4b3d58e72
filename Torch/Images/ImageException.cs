namespace Granary.Torch;

/// <summary>Why an image could not be read.</summary>
public enum ImageFailure
{
    /// <summary>The file is truncated or breaks its own format.</summary>
    Damaged = 1,

    /// <summary>No format that is read, or a variant that is not.</summary>
    Unsupported = 2,

    /// <summary>Memory ran out.</summary>
    OutOfMemory = 3,

    /// <summary>Anything else.</summary>
    Internal = 4,

    /// <summary>The image library or one that it needs is missing or of another version.</summary>
    Library = 5,
}

/// <summary>An image could not be read; the message is for people.</summary>
public sealed class ImageException(ImageFailure failure, string message) : Exception(message)
{
    /// <summary>What kind of failure.</summary>
    public ImageFailure Failure { get; } = failure;
}

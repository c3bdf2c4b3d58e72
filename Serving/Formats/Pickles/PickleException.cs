namespace Granary.Serving.Formats.Pickles;

/// <summary>A pickle is damaged or holds what is not read; the message completes "'file' …".</summary>
internal sealed class PickleException(ServingError error, string message) : Exception(message)
{
    /// <summary><see cref="ServingError.Unsupported"/>, or <see cref="ServingError.SourceFailed"/> for a damaged file.</summary>
    public ServingError Error { get; } = error;

    /// <summary>The file contradicts itself or is cut off.</summary>
    public static PickleException Damaged(string what) => new(ServingError.SourceFailed, $"is damaged: {what}; it was probably cut off on its way: upload it again");

    /// <summary>The file is whole but holds something that is not read, and says so with the way to convert it.</summary>
    public static PickleException Refused(string what) => new(ServingError.Unsupported, $"{what}; {FormatErrors.Convert}");

    /// <summary>The file asks for a function that is not known here: perhaps an attack, which converting it in Python would set off.</summary>
    public static PickleException Calls(string function) => new(
        ServingError.Unsupported,
        $"asks Python to call {function}, which is never done here; Python does it when it loads the file, so only if you trust who made it, {FormatErrors.Convert}");
}

namespace Granary.Serving.Models;

/// <summary>
/// Names one model version; <see cref="ToString"/> is the grain key. An ad-hoc request that names its own source gets the
/// model id as its name and <see cref="AdHocVersion"/> as its version.
/// </summary>
/// <param name="Name">Catalog name, or a model id for an ad-hoc key.</param>
/// <param name="Version">See <see cref="ModelVersions"/> for a catalog entry; <see cref="AdHocVersion"/> for an ad-hoc key.</param>
public readonly record struct ModelKey(string Name, string Version)
{
    /// <summary>The version of every ad-hoc key; no catalog version may be 0.</summary>
    public const string AdHocVersion = "0";

    /// <summary>Whether the name is a model id rather than a catalog name.</summary>
    public bool IsAdHoc => Version == AdHocVersion;

    /// <summary>The key of a request that names its own source.</summary>
    public static ModelKey AdHoc(ModelId id) => new(id.ToString(), AdHocVersion);

    /// <summary>Splits at the last slash.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: no slash, or an empty part.</exception>
    public static ModelKey Parse(string text)
    {
        var slash = text.LastIndexOf('/');
        if (slash <= 0 || slash == text.Length - 1)
            throw new ServingException(ServingError.InvalidArgument, $"'{text}' is not a model key; expected name/version");
        return new ModelKey(text[..slash], text[(slash + 1)..]);
    }

    /// <summary><c>name/version</c>.</summary>
    public override string ToString() => $"{Name}/{Version}";
}

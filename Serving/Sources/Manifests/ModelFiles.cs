using Granary.Serving.Models;

namespace Granary.Serving.Sources.Manifests;

/// <summary>Which file of a folder or repository is the model when the id names none: there must be no doubt.</summary>
internal static class ModelFiles
{
    private static readonly string[] UsualNames = ["model.torch", "model.pt"];
    private static readonly string[] Extensions = [".torch", ".pt", ".pth"];

    /// <summary>
    /// The file of the id; else the one loadable file of the manifest, or of the listing. Among several one that is called
    /// <c>model.torch</c> or <c>model.pt</c> is meant.
    /// </summary>
    /// <param name="id">Names the file, or does not.</param>
    /// <param name="manifest">The manifest of the place; null when it has none.</param>
    /// <param name="listing">The names in the place; asked for only when there is no manifest.</param>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, naming the candidates.</exception>
    public static string Choose(ModelId id, RitualManifest? manifest, Func<IEnumerable<string>> listing)
    {
        if (id.File is not null)
            return id.File;
        var names = manifest is { Files.Count: > 0 } ? manifest.Files : listing();
        var models = names.Where(IsModel).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var usual = models.Where(static name => UsualNames.Contains(name, StringComparer.Ordinal)).ToList();
        return usual.Count == 1 ? usual[0] : models.Count == 1 ? models[0] : throw Doubtful(id, models);
    }

    /// <summary>Whether the name ends like a model.</summary>
    public static bool IsModel(string name) => Extensions.Contains(Path.GetExtension(name), StringComparer.Ordinal);

    private static ServingException Doubtful(ModelId id, List<string> models)
    {
        var there = models.Count == 0
            ? "no .torch, .pt or .pth file is in it"
            : "in it: " + string.Join(", ", models.Take(10)) + (models.Count > 10 ? ", …" : "");
        return new ServingException(ServingError.NotFound,
            $"model id {ModelIdText.Quote(id.ToString())}: it is a directory; name the file after ':' ({there})");
    }
}

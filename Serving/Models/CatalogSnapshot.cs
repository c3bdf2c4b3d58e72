namespace Granary.Serving.Models;

/// <summary>One immutable state of the catalog: readers take it without a lock, a writer puts the next one in its place.</summary>
internal sealed class CatalogSnapshot
{
    public static readonly CatalogSnapshot Empty = new(0, []);

    private readonly Dictionary<string, CatalogModel> _byName;

    private CatalogSnapshot(long revision, IEnumerable<CatalogModel> models)
    {
        Revision = revision;
        Models = [.. models.OrderBy(static model => model.Name, StringComparer.Ordinal)];
        _byName = Models.ToDictionary(static model => model.Name, StringComparer.Ordinal);
    }

    /// <summary>Counts the writes since the catalog was made.</summary>
    public long Revision { get; }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<CatalogModel> Models { get; }

    public CatalogModel? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The next state, with one model in place of the one of its name.</summary>
    public CatalogSnapshot With(CatalogModel model)
        => new(Revision + 1, Models.Where(other => other.Name != model.Name).Append(model));

    /// <summary>The next state, without a name.</summary>
    public CatalogSnapshot Without(string name) => new(Revision + 1, Models.Where(other => other.Name != name));

    public CatalogDocument ToDocument() => new()
    {
        Schema = CatalogDocument.CurrentSchema,
        Revision = Revision,
        Models = [.. Models.Select(static model => new CatalogDocumentModel
        {
            Name = model.Name,
            DefaultVersion = model.DefaultVersion,
            Versions = [.. model.Versions.Select(CatalogMapping.ToDocument)],
        })],
    };

    /// <exception cref="ServingException">The document contradicts the rules of the catalog.</exception>
    public static CatalogSnapshot FromDocument(CatalogDocument document)
    {
        if (document.Schema != CatalogDocument.CurrentSchema)
            throw Wrong($"its schema is {document.Schema}, this build reads {CatalogDocument.CurrentSchema}");
        var models = new Dictionary<string, CatalogModel>(StringComparer.Ordinal);
        foreach (var model in document.Models)
        {
            if (!models.TryAdd(model.Name, FromDocument(model)))
                throw Wrong($"model '{model.Name}' occurs twice");
        }

        return new CatalogSnapshot(document.Revision, models.Values);
    }

    private static CatalogModel FromDocument(CatalogDocumentModel model)
    {
        var versions = model.Versions.Select(version => CatalogMapping.FromDocument(model.Name, version)).ToList();
        versions.ForEach(ModelDefinitionValidator.ThrowIfInvalid);
        versions.Sort(static (left, right) => ModelVersions.Compare(left.Version, right.Version));
        for (var i = 1; i < versions.Count; i++)
        {
            if (versions[i].Version == versions[i - 1].Version)
                throw Wrong($"model '{model.Name}' has version {versions[i].Version} twice");
        }

        var result = new CatalogModel(model.Name, model.DefaultVersion, versions);
        return result.Find(model.DefaultVersion) is not null
            ? result
            : throw Wrong($"model '{model.Name}' has no version '{model.DefaultVersion}', which is its default");
    }

    private static ServingException Wrong(string message) => new(ServingError.Internal, message);
}

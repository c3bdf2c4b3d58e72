using System.Text.Json;

namespace Granary.Serving.Models;

/// <summary>
/// One immutable state of the catalog: readers take it without a lock, a writer puts the next one in its place. The edits are
/// the rules of <see cref="IModelCatalog"/>, the same for a file and for a grain; one that changes nothing returns the same object.
/// </summary>
public sealed class CatalogSnapshot
{
    /// <summary>A catalog without models.</summary>
    public static readonly CatalogSnapshot Empty = new(0, []);

    private readonly Dictionary<string, CatalogModel> _byName;

    /// <summary>A state with the given content.</summary>
    public CatalogSnapshot(long revision, IEnumerable<CatalogModel> models)
    {
        Revision = revision;
        Models = [.. models.OrderBy(static model => model.Name, StringComparer.Ordinal)];
        _byName = Models.ToDictionary(static model => model.Name, StringComparer.Ordinal);
    }

    /// <summary>Counts the writes since the catalog was made.</summary>
    public long Revision { get; }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<CatalogModel> Models { get; }

    /// <summary>The model of that name; null when there is none.</summary>
    public CatalogModel? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>As <see cref="IModelCatalog.RegisterAsync"/>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.AlreadyExists"/>, <see cref="ServingError.InvalidArgument"/>.</exception>
    public CatalogSnapshot Register(ModelDefinition definition, bool makeDefault)
    {
        ModelDefinitionValidator.ThrowIfInvalid(definition);
        if (Find(definition.Name) is not { } current)
            return With(new CatalogModel(definition.Name, definition.Version, [definition]));
        var newDefault = makeDefault ? definition.Version : current.DefaultVersion;
        if (current.Find(definition.Version) is { } same)
        {
            // How many instances run may have been changed since; that is no other content.
            if (!CatalogMapping.SameContent(same with { Instances = definition.Instances }, definition))
            {
                throw new ServingException(ServingError.AlreadyExists,
                    $"model '{definition.Key}' exists with another definition; register it as a new version, or delete this one first");
            }

            return newDefault == current.DefaultVersion ? this : With(current with { DefaultVersion = newDefault });
        }

        var versions = current.Versions.Append(definition).ToArray();
        Array.Sort(versions, static (left, right) => ModelVersions.Compare(left.Version, right.Version));
        return With(new CatalogModel(definition.Name, newDefault, versions));
    }

    /// <summary>As <see cref="IModelCatalog.ReplaceAsync"/>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public CatalogSnapshot Replace(ModelDefinition definition)
    {
        ModelDefinitionValidator.ThrowIfInvalid(definition);
        if (Find(definition.Name) is not { } current || current.Find(definition.Version) is not { } before)
            return Register(definition, makeDefault: false);
        return CatalogMapping.SameContent(before, definition)
            ? this
            : With(current with { Versions = [.. current.Versions.Select(version => version.Version == definition.Version ? definition : version)] });
    }

    /// <summary>As <see cref="IModelCatalog.SetDefaultAsync"/>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>.</exception>
    public CatalogSnapshot SetDefault(ModelKey key)
    {
        var current = Require(key);
        return current.DefaultVersion == key.Version ? this : With(current with { DefaultVersion = key.Version });
    }

    /// <summary>As <see cref="IModelCatalog.ScaleAsync"/>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, <see cref="ServingError.InvalidArgument"/>.</exception>
    public CatalogSnapshot Scale(ModelKey key, int instances)
    {
        var current = Require(key);
        var before = current.Find(key.Version)!;
        if (before.Instances == instances)
            return this;
        var after = before with { Instances = instances };
        ModelDefinitionValidator.ThrowIfInvalid(after);
        return With(current with { Versions = [.. current.Versions.Select(version => version.Version == key.Version ? after : version)] });
    }

    /// <summary>As <see cref="IModelCatalog.DeleteAsync"/>.</summary>
    public CatalogSnapshot Delete(ModelKey key)
    {
        if (Find(key.Name) is not { } current || current.Find(key.Version) is null)
            return this;
        var rest = current.Versions.Where(version => version.Version != key.Version).ToArray();
        if (rest.Length == 0)
            return new CatalogSnapshot(Revision + 1, Models.Where(other => other.Name != key.Name));
        return With(new CatalogModel(key.Name, current.DefaultVersion == key.Version ? rest[^1].Version : current.DefaultVersion, rest));
    }

    private CatalogModel Require(ModelKey key) => Find(key.Name) is { } current && current.Find(key.Version) is not null
        ? current
        : throw new ServingException(ServingError.NotFound, $"model {ModelIdText.Quote(key.ToString())} is not in the catalog");

    private CatalogSnapshot With(CatalogModel model) =>
        new(Revision + 1, Models.Where(other => other.Name != model.Name).Append(model));

    /// <summary>The form on disk and in a grain's storage, as text.</summary>
    public string ToJson() => JsonSerializer.Serialize(ToDocument(), CatalogJson.Default.CatalogDocument);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Internal"/>: the text is no catalog.</exception>
    public static CatalogSnapshot FromJson(string json)
    {
        try
        {
            return FromDocument(JsonSerializer.Deserialize(json, CatalogJson.Default.CatalogDocument) ?? throw Wrong("the stored catalog is null"));
        }
        catch (JsonException error)
        {
            throw new ServingException(ServingError.Internal, "the stored catalog is not JSON of the form that this build reads", error);
        }
    }

    internal CatalogDocument ToDocument() => new()
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
    internal static CatalogSnapshot FromDocument(CatalogDocument document)
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

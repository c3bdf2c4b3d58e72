using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Models;

/// <summary>A catalog in one readable JSON file. Reads take an immutable snapshot; writes go one after another, to the disk first.</summary>
internal sealed partial class FileModelCatalog : IModelCatalog, IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CatalogFile _file;
    private readonly ILogger<FileModelCatalog> _log;
    private volatile CatalogSnapshot _snapshot;

    /// <exception cref="ServingException">The directory is in use, cannot be written, or its file cannot be read.</exception>
    public FileModelCatalog(IOptions<CatalogOptions> options, ILogger<FileModelCatalog> log)
    {
        _log = log;
        _file = new CatalogFile(Path.GetFullPath(options.Value.Directory));
        try
        {
            _snapshot = Open(options.Value.StartEmptyWhenCorrupt);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        LogOpened(_snapshot.Models.Count, _snapshot.Revision);
    }

    /// <summary>Counts the writes since the catalog was made.</summary>
    public long Revision => _snapshot.Revision;

    public ValueTask<CatalogModel?> FindAsync(string name, CancellationToken cancellation = default) => new(_snapshot.Find(name));

    public ValueTask<IReadOnlyList<CatalogModel>> ListAsync(CancellationToken cancellation = default) => new(_snapshot.Models);

    public async ValueTask RegisterAsync(ModelDefinition definition, bool makeDefault = false, CancellationToken cancellation = default)
    {
        ModelDefinitionValidator.ThrowIfInvalid(definition);
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var current = _snapshot.Find(definition.Name);
            if (current?.Find(definition.Version) is { } same && !CatalogMapping.SameContent(same, definition))
            {
                throw new ServingException(ServingError.AlreadyExists,
                    $"model '{definition.Key}' exists with another definition; register it as a new version, or delete this one first");
            }

            var next = Add(current, definition, makeDefault);
            if (next is not null)
                Publish(_snapshot.With(next));
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask SetDefaultAsync(ModelKey key, CancellationToken cancellation = default)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var current = _snapshot.Find(key.Name);
            if (current?.Find(key.Version) is null)
                throw new ServingException(ServingError.NotFound, $"model {ModelIdText.Quote(key.ToString())} is not in the catalog");
            if (current.DefaultVersion != key.Version)
                Publish(_snapshot.With(current with { DefaultVersion = key.Version }));
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask<bool> DeleteAsync(ModelKey key, CancellationToken cancellation = default)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var current = _snapshot.Find(key.Name);
            if (current?.Find(key.Version) is null)
                return false;
            var rest = current.Versions.Where(version => version.Version != key.Version).ToArray();
            var newDefault = current.DefaultVersion == key.Version ? rest.LastOrDefault()?.Version : current.DefaultVersion;
            Publish(newDefault is null
                ? _snapshot.Without(key.Name)
                : _snapshot.With(new CatalogModel(key.Name, newDefault, rest)));
            return true;
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _writing.Dispose();
    }

    private CatalogSnapshot Open(bool startEmptyWhenCorrupt)
    {
        try
        {
            return _file.Read();
        }
        catch (ServingException error) when (startEmptyWhenCorrupt)
        {
            LogPutAside(_file.PutAside(), error);
            return CatalogSnapshot.Empty;
        }
    }

    // Null when nothing changes.
    private static CatalogModel? Add(CatalogModel? current, ModelDefinition definition, bool makeDefault)
    {
        if (current is null)
            return new CatalogModel(definition.Name, definition.Version, [definition]);
        var isNew = current.Find(definition.Version) is null;
        var newDefault = makeDefault ? definition.Version : current.DefaultVersion;
        if (!isNew)
            return newDefault == current.DefaultVersion ? null : current with { DefaultVersion = newDefault };
        var versions = current.Versions.Append(definition).ToArray();
        Array.Sort(versions, static (left, right) => ModelVersions.Compare(left.Version, right.Version));
        return new CatalogModel(definition.Name, newDefault, versions);
    }

    private void Publish(CatalogSnapshot next)
    {
        try
        {
            _file.Write(next);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogWriteFailed(error);
            throw new ServingException(ServingError.Internal, "the catalog could not be written; nothing was changed (the log says why)", error);
        }

        _snapshot = next;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "catalog opened: {Models} models, revision {Revision}")]
    private partial void LogOpened(int models, long revision);

    [LoggerMessage(Level = LogLevel.Error, Message = "the catalog could not be read and was renamed to {Aside}; beginning with an empty one")]
    private partial void LogPutAside(string aside, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "the catalog could not be written")]
    private partial void LogWriteFailed(Exception error);
}

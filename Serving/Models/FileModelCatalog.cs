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

    public async ValueTask RegisterAsync(ModelDefinition definition, bool makeDefault = false, CancellationToken cancellation = default) =>
        await EditAsync(catalog => catalog.Register(definition, makeDefault), cancellation).ConfigureAwait(false);

    public async ValueTask ReplaceAsync(ModelDefinition definition, CancellationToken cancellation = default) =>
        await EditAsync(catalog => catalog.Replace(definition), cancellation).ConfigureAwait(false);

    public async ValueTask SetDefaultAsync(ModelKey key, CancellationToken cancellation = default) =>
        await EditAsync(catalog => catalog.SetDefault(key), cancellation).ConfigureAwait(false);

    public async ValueTask<ModelDefinition> ScaleAsync(ModelKey key, int instances, CancellationToken cancellation = default)
    {
        await EditAsync(catalog => catalog.Scale(key, instances), cancellation).ConfigureAwait(false);
        return _snapshot.Find(key.Name)?.Find(key.Version)
            ?? throw new ServingException(ServingError.NotFound, $"model {ModelIdText.Quote(key.ToString())} was deleted meanwhile");
    }

    public async ValueTask<bool> DeleteAsync(ModelKey key, CancellationToken cancellation = default) =>
        await EditAsync(catalog => catalog.Delete(key), cancellation).ConfigureAwait(false);

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

    private async Task<bool> EditAsync(Func<CatalogSnapshot, CatalogSnapshot> edit, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var next = edit(_snapshot);
            if (ReferenceEquals(next, _snapshot))
                return false;
            Publish(next);
            return true;
        }
        finally
        {
            _writing.Release();
        }
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

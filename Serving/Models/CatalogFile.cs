using System.Text.Json;

namespace Granary.Serving.Models;

/// <summary>
/// The one file of the catalog. Written whole to a temporary file, flushed to the disk and renamed over the old one, so every
/// instant shows either the old state or the new one. A lock file keeps a second process out; the kernel frees it on any death.
/// </summary>
internal sealed class CatalogFile : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _path;
    private readonly string _temporary;

    /// <exception cref="ServingException">Another process has the directory, or it cannot be written.</exception>
    public CatalogFile(string directory)
    {
        _path = Path.Combine(directory, "catalog.json");
        _temporary = Path.Combine(directory, "catalog.json.tmp");
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ServingException(ServingError.Internal, $"the catalog directory {directory} cannot be made: {error.Message}", error);
        }

        _lock = Lock(directory);
    }

    /// <summary>The state on disk; the empty one when there is no file yet.</summary>
    /// <exception cref="ServingException">The file cannot be understood.</exception>
    public CatalogSnapshot Read()
    {
        if (!File.Exists(_path))
            return CatalogSnapshot.Empty;
        try
        {
            using var stream = File.OpenRead(_path);
            var document = JsonSerializer.Deserialize(stream, CatalogJson.Default.CatalogDocument)
                ?? throw new JsonException("it holds null");
            return CatalogSnapshot.FromDocument(document);
        }
        catch (Exception error) when (error is JsonException or ServingException)
        {
            throw new ServingException(ServingError.Internal,
                $"the catalog {_path} cannot be read: {error.Message} The file was left as it is; repair it or put a copy in its place. "
                + $"To begin with an empty catalog instead, set {CatalogOptions.SectionName}:{nameof(CatalogOptions.StartEmptyWhenCorrupt)}.", error);
        }
    }

    /// <summary>Renames a file that cannot be read; returns its new name.</summary>
    public string PutAside()
    {
        for (var number = 1; ; number++)
        {
            var aside = $"{_path}.corrupt-{number}";
            if (File.Exists(aside))
                continue;
            File.Move(_path, aside);
            return aside;
        }
    }

    /// <summary>Makes a state the one on disk; when this returns it survives a kill.</summary>
    public void Write(CatalogSnapshot snapshot)
    {
        using var stream = new FileStream(_temporary, FileMode.Create, FileAccess.Write, FileShare.Read);
        JsonSerializer.Serialize(stream, snapshot.ToDocument(), CatalogJson.Default.CatalogDocument);
        stream.Flush(flushToDisk: true);
        File.Move(_temporary, _path, overwrite: true);
        // Flushing the renamed file makes ext4, xfs and btrfs commit the rename too; .NET cannot flush a directory.
        stream.Flush(flushToDisk: true);
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string directory)
    {
        try
        {
            return new FileStream(Path.Combine(directory, "catalog.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ServingException(ServingError.Internal,
                $"the catalog directory {directory} is in use by another process or cannot be written ({error.Message}); "
                + $"stop that process or give this one its own {CatalogOptions.SectionName}:{nameof(CatalogOptions.Directory)}", error);
        }
    }
}

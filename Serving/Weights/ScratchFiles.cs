using System.Globalization;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Weights;

/// <summary>
/// Files that are needed while a model is loaded, in <c>scratch</c> below the weights store. One is deleted when its holder is done; what
/// a killed process left is deleted when the next one starts. A file in use is locked, so that no other process of the host deletes it.
/// </summary>
internal sealed class ScratchFiles
{
    private readonly WeightsStoreOptions _options;
    private readonly string _directory;

    public ScratchFiles(IOptions<WeightsStoreOptions> options)
    {
        _options = options.Value;
        _directory = Path.Join(Path.GetFullPath(_options.Directory), "scratch");
        if (Directory.Exists(_directory))
            DeleteLeftovers();
    }

    /// <summary>A new empty file.</summary>
    /// <param name="id">What messages call the content.</param>
    /// <param name="bytes">How large it will be.</param>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/> and <see cref="ServingError.Overloaded"/>: there is no room for it.</exception>
    public ScratchFile Create(string id, long bytes)
    {
        if (_options.MaxStoreBytes > 0 && bytes > _options.MaxStoreBytes)
        {
            throw new ServingException(ServingError.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"'{id}' unpacks to {bytes:N0} bytes, the weights store may have {_options.MaxStoreBytes:N0} ({WeightsStoreOptions.SectionName}:MaxStoreBytes)"));
        }

        Directory.CreateDirectory(_directory);
        var missing = bytes + _options.MinFreeBytes - new DriveInfo(_directory).AvailableFreeSpace;
        if (missing > 0)
        {
            throw new ServingException(ServingError.Overloaded, string.Create(CultureInfo.InvariantCulture,
                $"no room to unpack '{id}': {bytes:N0} bytes are needed, {missing:N0} more than the disk of the weights store has to spare"));
        }

        return new ScratchFile(Path.Join(_directory, Guid.NewGuid().ToString("N") + ".tmp"));
    }

    private void DeleteLeftovers()
    {
        foreach (var path in Directory.EnumerateFiles(_directory, "*.tmp"))
        {
            try
            {
                using (File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.None))
                    File.Delete(path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Another process uses it, or has deleted it.
            }
        }
    }
}

using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Weights;

namespace Granary.Serving.Formats.Archives;

/// <summary>The weights of a model as a file that can be loaded, and the small files that its handlers want.</summary>
/// <param name="path">Of the weights.</param>
/// <param name="length">Their length in bytes.</param>
/// <param name="files">By name.</param>
/// <param name="scratch">The file, when it was unpacked for this.</param>
internal sealed class UnpackedModel(string path, long length, IReadOnlyDictionary<string, byte[]> files, ScratchFile? scratch) : IDisposable
{
    /// <summary>A vocabulary of a million tokens has 30 MB.</summary>
    private const int MaxFileBytes = 256 << 20;

    /// <summary>Of the weights.</summary>
    public string Path { get; } = path;

    /// <summary>Of the weights, in bytes.</summary>
    public long Length { get; } = length;

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; } = files;

    /// <summary>Whether a file is an archive and not weights: by what it is, and where that leaves doubt by its name.</summary>
    public static bool IsArchive(ArchiveKind kind, ModelId source) => kind switch
    {
        ArchiveKind.ModelArchive => true,
        ArchiveKind.OtherZip => NameOf(source).EndsWith(".mar", StringComparison.OrdinalIgnoreCase),
        ArchiveKind.Gzip => NameOf(source).EndsWith(".tar.gz", StringComparison.OrdinalIgnoreCase)
            || NameOf(source).EndsWith(".tgz", StringComparison.OrdinalIgnoreCase) || NameOf(source).EndsWith(".mar", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>Takes the weights out of an archive. Blocks.</summary>
    /// <exception cref="ServingException">The archive is damaged, cannot be trusted, needs Python, or there is no room for it.</exception>
    public static UnpackedModel OfArchive(ModelDefinition definition, string path, ScratchFiles room, CancellationToken cancellation)
    {
        var source = definition.Source.ToString();
        using var archive = ModelArchive.Open(path, source);
        ArchiveHandlers.Check(archive, definition);
        var weights = SerializedFiles.Find(archive);
        var files = HandlerRegistry.FilesOf(definition).ToDictionary(static name => name, name => archive.TryRead(name, MaxFileBytes) ?? throw Missing(source, name), StringComparer.Ordinal);
        var length = archive.LengthOf(weights)!.Value;
        var scratch = room.Create(source, length);
        try
        {
            archive.Extract(weights, scratch.Content, cancellation);
            scratch.Content.Flush();
            return new UnpackedModel(scratch.Path, length, files, scratch);
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>Weights as they are, and what stands beside them in a directory of this host.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>: a handler's file is not there.</exception>
    public static UnpackedModel OfFile(ModelDefinition definition, WeightsLease lease)
    {
        var files = HandlerRegistry.FilesOf(definition).ToDictionary(static name => name, name => Beside(definition, lease.Path, name), StringComparer.Ordinal);
        return new UnpackedModel(lease.Path, lease.Length, files, null);
    }

    /// <inheritdoc/>
    public void Dispose() => scratch?.Dispose();

    private static byte[] Beside(ModelDefinition definition, string weights, string name)
    {
        var source = definition.Source.ToString();
        var directory = System.IO.Path.GetDirectoryName(weights)!;
        // Other sources keep each file by itself.
        if (definition.Source.Source != ModelSourceKind.Local || name.Contains('/') || name.StartsWith('.')
            || RealPath.Find(System.IO.Path.Join(directory, name)) is not { } real || !RealPath.IsInside(real, directory) || !File.Exists(real))
            throw Missing(source, name);
        var length = new FileInfo(real).Length;
        return length <= MaxFileBytes
            ? File.ReadAllBytes(real)
            : throw new ServingException(ServingError.TooLarge, $"{ModelIdText.Quote(name)} beside '{source}' has {length:N0} bytes; at most {MaxFileBytes:N0} are allowed");
    }

    private static string NameOf(ModelId source) => source.File ?? source.Repository;

    private static ServingException Missing(string source, string name) =>
        new(ServingError.NotFound, $"'{source}' has no file {ModelIdText.Quote(name)}, which a handler of its definition needs; pack it into the archive with --extra-files");
}

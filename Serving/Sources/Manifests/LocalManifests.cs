using Granary.Serving.Models;

namespace Granary.Serving.Sources.Manifests;

/// <summary>Finds the model in a directory of this host, with the manifest that lies in it.</summary>
internal static class LocalManifests
{
    /// <summary>Resolves a directory or, when the id names one of its files, that file.</summary>
    /// <param name="id">The id as it was asked for.</param>
    /// <param name="directory">Absolute, without symbolic links.</param>
    /// <param name="root">What the file must be inside of, without symbolic links; null for anywhere.</param>
    /// <param name="revision">What the place calls this state; null when it has no name for it.</param>
    /// <returns>Null when the file is not there.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.PermissionDenied"/>: a link leaves the root; or the manifest is
    /// damaged, or it is not clear which file is meant.</exception>
    public static LocalSourceFile? Find(ModelId id, string directory, string? root, string? revision = null)
    {
        var manifest = Read(id, directory, root);
        var name = ModelFiles.Choose(id, manifest, () => Directory.EnumerateFiles(directory).Select(static path => Path.GetFileName(path)));
        if (RealPath.Find(Path.Join(directory, name)) is not { } real)
            return null;
        if (root is not null && !RealPath.IsInside(real, root))
            throw Outside(id);
        if (Directory.Exists(real))
            return id.File is null ? null : Find(id with { File = null }, real, root, revision);
        return Describe(id, real, manifest?.Sha256(name), revision);
    }

    /// <summary>A file that is there.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>: empty, or no regular file.</exception>
    public static LocalSourceFile Describe(ModelId id, string path, string? sha256, string? revision = null)
    {
        var info = new FileInfo(path);
        // Pipes and devices have no length either; opening one would block.
        if (info.Length == 0)
            throw new ServingException(ServingError.NotFound, $"model id {ModelIdText.Quote(id.ToString())}: the file is empty or not a regular file");
        return new LocalSourceFile(path) { Length = info.Length, Sha256 = sha256, Revision = revision };
    }

    private static RitualManifest? Read(ModelId id, string directory, string? root)
    {
        if (RealPath.Find(Path.Join(directory, RitualManifest.FileName)) is not { } path)
            return null;
        if (root is not null && !RealPath.IsInside(path, root))
            throw Outside(id);
        var info = new FileInfo(path);
        if (info.Length > RitualManifest.MaxBytes)
            throw RitualManifest.TooLong(id);
        // An empty one, or a pipe, is read as a damaged manifest and never opened.
        return RitualManifest.Parse(info.Length == 0 ? default : File.ReadAllBytes(path), id);
    }

    private static ServingException Outside(ModelId id) => new(ServingError.PermissionDenied,
        $"model id {ModelIdText.Quote(id.ToString())} is not allowed here: a link leads out of the directory it may be in");
}

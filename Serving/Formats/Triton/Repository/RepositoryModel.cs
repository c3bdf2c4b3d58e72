using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>One model's directory as it was found.</summary>
internal sealed class RepositoryModel
{
    private readonly Dictionary<string, RepositoryFile> _files;

    public RepositoryModel(string name, IRepositoryStore store, IEnumerable<RepositoryFile> files)
    {
        Name = name;
        Store = store;
        _files = files.ToDictionary(static file => file.Path, StringComparer.Ordinal);
        Versions = [.. _files.Keys.Select(VersionOf).OfType<long>().Distinct().Order()];
        var stamps = string.Join('\n', _files.Values.OrderBy(static file => file.Path, StringComparer.Ordinal).Select(static file => $"{file.Path}={file.Stamp}{file.Fault}"));
        Stamp = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stamps)));
    }

    public string Name { get; }

    public IRepositoryStore Store { get; }

    /// <summary>Numbers of the version directories that hold anything, ascending.</summary>
    public IReadOnlyList<long> Versions { get; }

    /// <summary>Changes whenever a file of the directory changes, comes or goes.</summary>
    public string Stamp { get; }

    /// <summary>Whether it looks like a model at all, rather than like any other directory.</summary>
    public bool IsModel => Versions.Count > 0 || _files.Keys.Any(path => path == $"{Name}/config.pbtxt" || path.StartsWith($"{Name}/configs/", StringComparison.Ordinal));

    /// <summary>Why the directory itself must not be used; null when it may.</summary>
    public string? OnlyFault => _files.TryGetValue(Name, out var link) ? link.Fault : null;

    /// <summary>The file at a path below the model's directory; null when there is none.</summary>
    public RepositoryFile? Find(string path) => _files.GetValueOrDefault($"{Name}/{path}");

    /// <summary>Names of the files directly in a version's directory.</summary>
    public IEnumerable<string> FilesOf(long version)
    {
        var prefix = $"{Name}/{version.ToString(CultureInfo.InvariantCulture)}/";
        return _files.Keys.Where(path => path.StartsWith(prefix, StringComparison.Ordinal) && !path.AsSpan(prefix.Length).Contains('/'))
            .Select(path => path[prefix.Length..]).Order(StringComparer.Ordinal);
    }

    /// <summary>Directories that look like versions but are not: Triton ignores those with leading zeros.</summary>
    public IEnumerable<string> IgnoredVersions => _files.Keys.Select(path => path.Split('/'))
        .Where(static parts => parts.Length > 2 && parts[1][0] == '0' && parts[1].All(char.IsAsciiDigit))
        .Select(static parts => parts[1]).Distinct();

    private static long? VersionOf(string path)
    {
        var parts = path.Split('/');
        return parts.Length > 2 && parts[1][0] != '0' && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
    }
}

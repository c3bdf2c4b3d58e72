namespace Granary.Serving.Sources;

/// <summary>Resolves every symbolic link of a path, as realpath(3) does; .NET resolves only the last one.</summary>
public static class RealPath
{
    private const int MaxLinks = 40;

    /// <summary>The path without links, or null when some part of it does not exist or links go in a circle.</summary>
    public static string? Find(string path)
    {
        // No file has such a name, and .NET throws at it.
        if (path.Contains('\0'))
            return null;
        var pending = new Stack<string>(Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var resolved = "";
        var links = 0;
        while (pending.TryPop(out var segment))
        {
            if (segment == ".")
                continue;
            if (segment == "..")
            {
                resolved = resolved.Length == 0 ? "" : resolved[..resolved.LastIndexOf('/')];
                continue;
            }

            var next = $"{resolved}/{segment}";
            var info = new FileInfo(next);
            if (info.LinkTarget is not { } target)
            {
                if (!Path.Exists(next))
                    return null;
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
                return null;
            resolved = target.StartsWith('/') ? "" : resolved;
            foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                pending.Push(part);
        }

        return resolved.Length == 0 ? "/" : resolved;
    }

    /// <summary>Whether a path without links is inside a directory without links; a sibling with the same prefix is not.</summary>
    public static bool IsInside(string path, string directory)
        => directory == "/" || (path.StartsWith(directory, StringComparison.Ordinal) && path.Length > directory.Length && path[directory.Length] == '/');
}

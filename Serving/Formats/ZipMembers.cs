using Granary.Serving.Formats.Pickles;

namespace Granary.Serving.Formats;

/// <summary>The members of a zip file that torch wrote, by their path below its one folder.</summary>
internal sealed class ZipMembers : IZipEntries
{
    private readonly Dictionary<string, ZipMember> _members = [];
    private string? _folder;

    /// <summary>The member <c>folder/path</c>; null when there is none.</summary>
    public ZipMember? Find(string path) => _members.TryGetValue(path, out var member) ? member : null;

    /// <inheritdoc/>
    /// <exception cref="DamagedZipException">The path is there twice, there are two folders, or there are too many members.</exception>
    public void Add(ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra, ReadOnlySpan<byte> name)
    {
        var path = ZipMember.NameOf(name);
        var slash = path.IndexOf('/');
        if (slash < 0)
            return;
        _folder ??= path[..slash];
        if (!path.AsSpan(0, slash).SequenceEqual(_folder))
            throw new DamagedZipException("it has more than one folder, which torch.save never writes");
        if (_members.Count >= PickleLimits.Members)
            throw new DamagedZipException($"it has more than {PickleLimits.Members} members");
        var member = ZipMember.Read(header, extra, path);
        if (!_members.TryAdd(path[(slash + 1)..], member))
            throw new DamagedZipException($"it has two members {member.ShortName}");
    }
}

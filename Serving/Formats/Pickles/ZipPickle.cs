namespace Granary.Serving.Formats.Pickles;

/// <summary>
/// The zip form, since PyTorch 1.6: <c>folder/data.pkl</c>, <c>folder/data/KEY</c> for each storage, all stored without compression.
/// Source: <c>torch/serialization.py</c>, <c>_save</c> and <c>_load</c>.
/// </summary>
internal sealed class ZipPickle : IPickledFile
{
    private readonly ZipMembers _members = new();
    private readonly ZipDirectory _directory;

    private ZipPickle(Stream stream)
    {
        _directory = ZipDirectory.Read(stream, _members);
        CheckByteOrder();
        var data = Stored("data.pkl") ?? throw PickleException.Damaged("it has no data.pkl");
        if (data.Length > PickleLimits.PickleBytes)
            throw PickleException.Refused($"holds a pickle of {data.Length} bytes; at most {PickleLimits.PickleBytes} are read");
        var pickle = _directory.ReadStart(data, PickleLimits.PickleBytes);
        Budget = new PickleBudget(pickle.Length);
        Root = new PickleMachine(new PickleCursor(pickle), new PickleReferences(Budget), Budget).Run();
    }

    public object? Root { get; }

    public PickleBudget Budget { get; }

    /// <summary>Reads the value of a file.</summary>
    /// <exception cref="PickleException">The file is damaged or holds what is not read.</exception>
    public static ZipPickle Read(Stream stream)
    {
        try
        {
            return new ZipPickle(stream);
        }
        catch (DamagedZipException damage)
        {
            throw PickleException.Damaged(damage.Message);
        }
    }

    public long Locate(PickledStorage storage)
    {
        var member = Stored("data/" + storage.Key) ?? throw PickleException.Damaged($"it has no storage '{PrintableText.Of(storage.Key, 40)}'");
        if (member.Length < storage.Bytes)
            throw PickleException.Damaged($"its storage '{PrintableText.Of(storage.Key, 40)}' has {member.Length} bytes, but its pickle claims {storage.Bytes}");
        try
        {
            return _directory.FindContent(member);
        }
        catch (DamagedZipException damage)
        {
            throw PickleException.Damaged(damage.Message);
        }
    }

    private void CheckByteOrder()
    {
        // Absent before PyTorch 2.1, when everything was written as the machine had it; those machines were little-endian.
        if (Stored("byteorder") is { } order && !_directory.ReadStart(order, 16).AsSpan().SequenceEqual("little"u8))
            throw PickleException.Refused("was written on a big-endian machine");
    }

    private ZipMember? Stored(string path)
    {
        if (_members.Find(path) is not { } member)
            return null;
        return member.Method == 0
            ? member
            : throw PickleException.Refused($"is compressed ({member.ShortName}), which torch.save never does; save the model again without compressing the file");
    }
}

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// One incremental packet: entries and a time at the end. Source: PersiaML/PERSIA,
/// <c>rust/persia-incremental-update-manager/src/lib.rs</c>.
/// </summary>
internal static class PacketFile
{
    private const uint TagV0 = 1;
    private const int CheckEvery = 4096;

    /// <summary>Reads a packet through without keeping anything; so what is damaged is known before anything is applied.</summary>
    /// <param name="file">Is rewound before and after.</param>
    /// <param name="cancellationToken">Stops between entries.</param>
    /// <returns>What <see cref="Read"/> wants, how many entries there are, and the time in seconds since 1970.</returns>
    /// <exception cref="DamagedFileException">It is of neither form; the message is about the current one, or about the early one when that is what it begins as.</exception>
    public static (PersiaFormat Format, long Entries, ulong Time) Check(FileCursor file, CancellationToken cancellationToken)
    {
        var time = file.ReadLastUInt64();
        try
        {
            return (PersiaFormat.V2, Read(file, PersiaFormat.V2, new EntrySink(), cancellationToken), time);
        }
        catch (DamagedFileException exception)
        {
            file.Rewind();
            // A packet of one entry begins so too.
            if (file.Length < sizeof(uint) || file.ReadUInt32() != TagV0)
                throw;
            try
            {
                return (PersiaFormat.V0, Read(file, PersiaFormat.V0, new EntrySink(), cancellationToken), time);
            }
            catch (DamagedFileException early)
            {
                throw new DamagedFileException(0, $"neither a current packet ({exception.Message}) nor an early one ({early.Message})");
            }
        }
        finally
        {
            file.Rewind();
        }
    }

    /// <summary>Reads a packet of a form.</summary>
    /// <returns>Entries.</returns>
    public static long Read(FileCursor file, PersiaFormat format, EntrySink sink, CancellationToken cancellationToken)
    {
        file.Rewind();
        if (format == PersiaFormat.V0)
            file.ReadUInt32();
        var count = file.ReadCount(format == PersiaFormat.V0 ? EntryReader.LeastPacketBytesV0 : EntryReader.LeastBytes);
        for (var i = 0u; i < count; i++)
        {
            if (i % CheckEvery == 0)
                cancellationToken.ThrowIfCancellationRequested();
            if (format == PersiaFormat.V0)
                EntryReader.ReadPacketV0(file, sink);
            else
                EntryReader.ReadV2(file, sink);
        }

        file.ReadUInt64();
        file.End();
        return count;
    }
}

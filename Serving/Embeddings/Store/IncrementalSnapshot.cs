namespace Granary.Serving.Embeddings.Store;

/// <summary>What became of incremental packets so far.</summary>
public sealed record IncrementalSnapshot
{
    /// <summary>Looks at the directory.</summary>
    public long Scans { get; init; }

    /// <summary>Whether the directory was there at the last look.</summary>
    public bool DirectoryExists { get; init; }

    /// <summary>Packets applied.</summary>
    public long PacketsApplied { get; init; }

    /// <summary>Packets older than was asked for.</summary>
    public long PacketsSkipped { get; init; }

    /// <summary>Packets that are damaged.</summary>
    public long PacketsQuarantined { get; init; }

    /// <summary>Packets that wait for their marker, or to be complete.</summary>
    public int PacketsPending { get; init; }

    /// <summary>Rows written.</summary>
    public long RowsApplied { get; init; }

    /// <summary>Rows older than what was there.</summary>
    public long RowsStale { get; init; }

    /// <summary>Time of the newest packet; null before the first.</summary>
    public DateTimeOffset? NewestPacket { get; init; }

    /// <summary>From the time of the packet applied last to when it was applied (<c>inc_update_delay_sec</c>); null before the first.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Why the last damaged packet or unreadable folder was not read; null when there was none.</summary>
    public string? LastError { get; init; }
}

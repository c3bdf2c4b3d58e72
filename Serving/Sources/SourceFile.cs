namespace Granary.Serving.Sources;

/// <summary>A file that a source found.</summary>
internal abstract class SourceFile
{
    /// <summary>Length in bytes; null when the source does not say.</summary>
    public long? Length { get; init; }

    /// <summary>A commit, a transaction id, a modification time; null when there is no such thing.</summary>
    public string? Revision { get; init; }
}

/// <summary>A file that is on this host already and is used in place.</summary>
internal sealed class LocalSourceFile(string path) : SourceFile
{
    /// <summary>Absolute path without symbolic links.</summary>
    public string Path { get; } = path;

    /// <summary>SHA-256 that a manifest demands, lower-case hex; null when none does.</summary>
    public string? Sha256 { get; init; }
}

/// <summary>A file to be fetched.</summary>
internal abstract class RemoteSourceFile : SourceFile
{
    /// <summary>SHA-256 that the source or a manifest vouches for, lower-case hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>SHA-1 of git's blob form (<c>blob LENGTH NUL content</c>) that the source vouches for, lower-case hex.</summary>
    public string? GitBlobSha1 { get; init; }

    /// <summary>Names the content: the same id with the same tag is the same content. Null when the source has none.</summary>
    public string? ETag { get; init; }

    /// <summary>Names of the checks that content passed before it was stored, for people who look.</summary>
    /// <param name="wholeContent">The content was checked as it came; otherwise it was found by its hash.</param>
    public virtual IReadOnlyList<string> Verified(bool wholeContent) => Sha256 is not null ? ["sha256"] : GitBlobSha1 is not null ? ["git_sha1"] : [];

    /// <summary>Makes a check of the content beyond its hash; null when there is none.</summary>
    public virtual IContentCheck? CreateCheck() => null;

    /// <summary>Takes note that the content was wrong.</summary>
    /// <param name="mismatch">What was wrong.</param>
    /// <returns>Null when fetching all of it once more may help, since it will come from elsewhere; else the error to raise:
    /// <see cref="SourceChangedException"/> when it helps to resolve the file anew.</returns>
    public virtual Exception? Refuse(ServingException mismatch) => mismatch;

    /// <summary>Opens the content at an offset.</summary>
    /// <param name="offset">First byte wanted; the source may answer from 0.</param>
    /// <param name="validator">What an earlier <see cref="SourceStream.Validator"/> was, when bytes before the offset are to be kept.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SourceChangedException">The content is no longer the one the earlier bytes came from.</exception>
    /// <exception cref="ServingException">The source refused or did not answer.</exception>
    public abstract Task<SourceStream> OpenAsync(long offset, string? validator, CancellationToken cancellation);
}

namespace Granary.Serving.Sources.Arweave;

/// <summary>Where the bytes of an entry are within the data of a transaction, and how its chunks are proven.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="DataRoot">Its data root.</param>
/// <param name="Size">Length of its data in bytes.</param>
/// <param name="Begin">First byte of the entry in that data.</param>
internal sealed record ChunkedLocation(string Transaction, byte[] DataRoot, long Size, long Begin);

/// <summary>Something on Arweave that has an id: a transaction or a data item.</summary>
internal abstract class ArweaveEntry
{
    /// <summary>The tag that holds the content's SHA-256 in hex.</summary>
    public const string HashTag = "File-SHA256";

    public required string Id { get; init; }

    /// <summary>Address of who signed it, or says so.</summary>
    public required string Owner { get; init; }

    public required IReadOnlyList<ArweaveTag> Tags { get; init; }

    /// <summary>Length of the data in bytes; null when only a gateway's word is known.</summary>
    public required long? Length { get; init; }

    /// <summary>Where its chunks are; null when they cannot be fetched.</summary>
    public ChunkedLocation? Chunks { get; init; }

    /// <summary>Whether id, owner and tags are verified before the data is; otherwise the signature covers the data itself.</summary>
    public abstract bool IsVerified { get; }

    /// <summary>Checks that a use passed whose content has the right SHA-256, and those of a download.</summary>
    public abstract IReadOnlyList<string> Checks(bool wholeContent);

    /// <summary>Makes the check of the content; null when its SHA-256 says all.</summary>
    /// <param name="isProven">Whether chunks proved all of the content as it came.</param>
    public abstract IContentCheck? CreateCheck(Func<bool> isProven);

    /// <summary>SHA-256 that the content must have, lower-case hex; null when there is no tag for it.</summary>
    public string? Sha256 => ArweaveTag.Find(Tags, HashTag)?.ToLowerInvariant();

    public string? Tag(string name) => ArweaveTag.Find(Tags, name);
}

/// <summary>A transaction of format 2: the owner signed the length and the Merkle root of its data.</summary>
internal sealed class TransactionEntry(ArweaveTransaction transaction) : ArweaveEntry
{
    public override bool IsVerified => true;

    public override IReadOnlyList<string> Checks(bool wholeContent) =>
        ["id", "owner", "signature", .. wholeContent ? ["data_root"] : Array.Empty<string>(), .. Sha256 is null ? Array.Empty<string>() : ["file_sha256"]];

    public override IContentCheck CreateCheck(Func<bool> isProven) => new DataRootCheck(transaction.DataSize, transaction.DataRoot, Sha256, isProven);
}

/// <summary>A transaction of format 1, whose owner signed the data itself.</summary>
internal sealed class OldTransactionEntry(ArweaveTransaction transaction) : ArweaveEntry
{
    public override bool IsVerified => false;

    public override IReadOnlyList<string> Checks(bool wholeContent) => ["id", "owner", "signature", .. Sha256 is null ? Array.Empty<string>() : ["file_sha256"]];

    public override IContentCheck CreateCheck(Func<bool> isProven) => new SignedMessageCheck(transaction, Sha256);
}

/// <summary>A data item of a bundle, whose owner signed the data itself.</summary>
internal sealed class DataItemEntry(DataItem item) : ArweaveEntry
{
    public override bool IsVerified => false;

    public override IReadOnlyList<string> Checks(bool wholeContent) => ["id", "owner", "signature", .. Sha256 is null ? Array.Empty<string>() : ["file_sha256"]];

    public override IContentCheck CreateCheck(Func<bool> isProven) => new SignedItemCheck(item, Length!.Value, Sha256);
}

/// <summary>What a gateway's index tells, believed (<see cref="ArweaveVerification.Hash"/>).</summary>
internal sealed class BelievedEntry : ArweaveEntry
{
    public override bool IsVerified => true;

    public override IReadOnlyList<string> Checks(bool wholeContent) => ["file_sha256"];

    public override IContentCheck? CreateCheck(Func<bool> isProven) => null;
}

using System.Security.Cryptography;

namespace Granary.Serving.Sources.Arweave;

/// <summary>The data of a transaction of format 2 against the length and the root that its owner signed.</summary>
internal sealed class DataRootCheck(long size, byte[] dataRoot, string? fileSha256, Func<bool> isProven) : IContentCheck
{
    private readonly DataRootHasher _hasher = new(size);

    public void Append(ReadOnlySpan<byte> bytes) => _hasher.Append(bytes);

    public void Restart() => _hasher.Restart();

    public string? Fault(string sha256) => _hasher.Matches(dataRoot) || (isProven() && _hasher.IsWhole)
        ? HashTagFault.Find(fileSha256, sha256)
        : "the data does not have the signed data_root (check 'data_root')";

    public void Dispose() => _hasher.Dispose();
}

/// <summary>
/// The data of a transaction of format 1 against the signature over it. Its message joins fields without lengths, so that bytes
/// could be moved between data and header; the hash of the content in the signed tags rules that out and must be there for files.
/// </summary>
internal sealed class SignedMessageCheck : IContentCheck
{
    private readonly ArweaveTransaction _transaction;
    private readonly string? _fileSha256;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[]? _message;

    public SignedMessageCheck(ArweaveTransaction transaction, string? fileSha256)
    {
        (_transaction, _fileSha256) = (transaction, fileSha256);
        Restart();
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public void Restart()
    {
        _message = null;
        _hash.GetHashAndReset();
        _hash.AppendData(_transaction.Message().Before);
    }

    public string? Fault(string sha256)
    {
        if (_message is null)
        {
            _hash.AppendData(_transaction.Message().Behind);
            _message = _hash.GetHashAndReset();
        }

        return PssSignature.Verify(_transaction.Owner, _message, _transaction.Signature)
            ? HashTagFault.Find(_fileSha256, sha256)
            : "the owner's signature is not over this data and these tags (check 'signature')";
    }

    public void Dispose() => _hash.Dispose();
}

/// <summary>The data of a data item against the signature over it.</summary>
internal sealed class SignedItemCheck(DataItem item, long length, string? fileSha256) : IContentCheck
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA384);

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public void Restart() => _hash.GetHashAndReset();

    public string? Fault(string sha256) => PssSignature.Verify(item.Owner, item.SignedHash(_hash.GetCurrentHash(), length), item.Signature)
        ? HashTagFault.Find(fileSha256, sha256)
        : "the owner's signature is not over this data and these tags (check 'signature')";

    public void Dispose() => _hash.Dispose();
}

internal static class HashTagFault
{
    public static string? Find(string? tag, string sha256) => tag is null || tag == sha256
        ? null
        : $"the content has the SHA-256 {sha256}, the owner's tag {ArweaveEntry.HashTag} says {tag} (check 'file_sha256')";
}

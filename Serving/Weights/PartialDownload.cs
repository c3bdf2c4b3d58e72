using System.Security.Cryptography;
using Granary.Serving.Sources;
using Microsoft.Win32.SafeHandles;

namespace Granary.Serving.Weights;

/// <summary>
/// A file that is growing. It stays when the process dies; the next one hashes what is there and goes on behind it. Used by one
/// flight at a time, under the lock of its key.
/// </summary>
internal sealed class PartialDownload : IDisposable
{
    private const int BufferBytes = 1 << 18;

    private readonly StoreLayout _layout;
    private readonly string _key;
    private readonly string _id;
    private readonly SafeFileHandle _handle;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly BackgroundCheck? _check;

    private PartialDownload(StoreLayout layout, string key, string id, IContentCheck? check)
    {
        (_layout, _key, _id) = (layout, key, id);
        _check = check is null ? null : new BackgroundCheck(check);
        _handle = File.OpenHandle(layout.Part(key), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
    }

    /// <summary>Bytes that are there.</summary>
    public long Position { get; private set; }

    /// <summary>Strong validator of those bytes; null when the source gave none.</summary>
    public string? Validator { get; private set; }

    /// <summary>Whether some of the bytes are from an earlier download.</summary>
    public bool IsResumed { get; private set; }

    /// <summary>Opens what an earlier download left of this content, or begins anew.</summary>
    public static async Task<PartialDownload> OpenAsync(
        StoreLayout layout, string key, string id, RemoteSourceFile file, CancellationToken cancellation)
    {
        var partial = new PartialDownload(layout, key, id, file.CreateCheck());
        try
        {
            await partial.ResumeAsync(file, cancellation).ConfigureAwait(false);
            return partial;
        }
        catch
        {
            partial.Dispose();
            throw;
        }
    }

    /// <summary>Notes what the bytes that follow belong to.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: the disk did not take the note.</exception>
    public void Begin(RemoteSourceFile file, SourceStream stream)
    {
        Validator = stream.Validator;
        var state = new PartialState(_id, file.ETag, file.Length, Validator);
        try
        {
            StoreDocuments.Write(_layout.PartState(_key), state, StoreJson.Default.PartialState);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Refused(error);
        }
    }

    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: the disk did not take the bytes.</exception>
    public void Append(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            // The write goes to memory; handing it to another thread and back costs more, and much more on a busy host.
            RandomAccess.Write(_handle, bytes.Span, Position);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Refused(error);
        }

        Hash(bytes);
        Position += bytes.Length;
    }

    /// <summary>Throws away what is there.</summary>
    public void Restart()
    {
        RandomAccess.SetLength(_handle, 0);
        _hash.GetHashAndReset();
        _check?.Restart();
        (Position, Validator, IsResumed) = (0, null, false);
    }

    /// <summary>SHA-256 of everything, lower-case hex; the hash goes on.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>What the source's own check finds wrong with everything; null when nothing.</summary>
    public string? CheckFault() => _check?.Fault(Sha256());

    /// <summary>SHA-1 of the content as a git blob, read from the disk since its length comes first.</summary>
    public async Task<string> GitBlobSha1Async(CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes($"blob {Position}\0"));
        await ReadAsync(Position, bytes => hash.AppendData(bytes.Span), cancellation).ConfigureAwait(false);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Makes the bytes durable and hands the file over to the blobs.</summary>
    public void Publish(BlobDirectory blobs, string sha256)
    {
        RandomAccess.FlushToDisk(_handle);
        blobs.Publish(_layout.Part(_key), sha256);
        File.Delete(_layout.PartState(_key));
    }

    /// <summary>Deletes the file.</summary>
    public void Discard()
    {
        File.Delete(_layout.Part(_key));
        File.Delete(_layout.PartState(_key));
    }

    public void Dispose()
    {
        _handle.Dispose();
        _hash.Dispose();
        _check?.Dispose();
    }

    private ServingException Refused(Exception error)
        => new(ServingError.Overloaded, $"'{_id}' could not be stored: the disk of the weights store refused the write", error);

    private async Task ResumeAsync(RemoteSourceFile file, CancellationToken cancellation)
    {
        var there = RandomAccess.GetLength(_handle);
        var state = StoreDocuments.Read(_layout.PartState(_key), StoreJson.Default.PartialState);
        var isSame = state is not null && state.ETag == file.ETag && state.Length == file.Length
            && (state.ETag is not null || state.Validator is not null);
        if (there == 0 || !isSame || there > file.Length)
        {
            Restart();
            return;
        }

        await ReadAsync(there, Hash, cancellation).ConfigureAwait(false);
        (Position, Validator, IsResumed) = (there, state!.Validator, true);
    }

    private void Hash(ReadOnlyMemory<byte> bytes)
    {
        _check?.Append(bytes.Span);
        _hash.AppendData(bytes.Span);
    }

    private async Task ReadAsync(long length, Action<ReadOnlyMemory<byte>> take, CancellationToken cancellation)
    {
        var buffer = new byte[BufferBytes];
        for (var offset = 0L; offset < length;)
        {
            var count = await RandomAccess.ReadAsync(_handle, buffer, offset, cancellation).ConfigureAwait(false);
            if (count == 0)
                throw new EndOfStreamException("a partial download became shorter while it was read");
            take(buffer.AsMemory(0, count));
            offset += count;
        }
    }
}

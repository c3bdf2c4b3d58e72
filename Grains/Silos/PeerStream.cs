namespace Granary.Grains.Silos;

/// <summary>A file of another silo as a stream; one piece is on its way while another is read.</summary>
internal sealed class PeerStream(ISiloWeightsGrain grain, string sha256, long offset, WeightsPiece first) : Stream
{
    private ReadOnlyMemory<byte> _piece = first.Bytes;
    private long _next = offset + first.Bytes.Length;
    private Task<WeightsPiece?>? _ahead;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_piece.IsEmpty && !await AdvanceAsync(cancellationToken))
            return 0;
        if (_next < first.FileLength)
            _ahead ??= grain.ReadAsync(sha256, _next, SiloWeightsGrain.MaxPiece);
        var count = Math.Min(buffer.Length, _piece.Length);
        _piece[..count].CopyTo(buffer);
        _piece = _piece[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task<bool> AdvanceAsync(CancellationToken cancellation)
    {
        if (_next >= first.FileLength)
            return false;
        var pending = _ahead ?? grain.ReadAsync(sha256, _next, SiloWeightsGrain.MaxPiece);
        _ahead = null;
        WeightsPiece? piece;
        try
        {
            piece = await pending.WaitAsync(cancellation);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            throw new IOException("the silo that gave the weights went away", error);
        }

        if (piece is null || piece.Bytes.Length == 0)
            throw new IOException("the silo that gave the weights does not have them any more");
        _piece = piece.Bytes;
        _next += piece.Bytes.Length;
        return true;
    }
}

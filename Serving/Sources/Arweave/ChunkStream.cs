namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// The chunks of one gateway as a stream that begins at any byte; each is proven before a byte of it is given. Some are fetched
/// ahead at the distance that chunks usually have; where the uploader cut elsewhere, the right one is asked for.
/// </summary>
/// <param name="reader">Fetches one chunk.</param>
/// <param name="begin">First byte wanted, in the data of the transaction.</param>
/// <param name="length">Bytes wanted.</param>
/// <param name="ahead">Chunks fetched at once.</param>
/// <param name="failed">Told of a chunk that did not come or was wrong.</param>
internal sealed class ChunkStream(ChunkReader reader, long begin, long length, int ahead, Action<GatewayException> failed) : Stream
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<Task<ProvenChunk>> _coming = [];
    private readonly long _end = begin + length;
    private long _position = begin;
    private long _asked = begin;
    private ProvenChunk? _chunk;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Fetches the first chunk.</summary>
    /// <exception cref="GatewayException">It did not come, or is not the signed one.</exception>
    public async Task StartAsync(CancellationToken cancellation) => _chunk = await NextAsync(cancellation).ConfigureAwait(false);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == _end || buffer.IsEmpty)
            return 0;
        if (_chunk is null || _position >= _chunk.Begin + _chunk.Content.Length)
        {
            try
            {
                _chunk = await NextAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (GatewayException error)
            {
                // To the store it is a broken connection: it goes on at this byte, at another gateway.
                failed(error);
                throw new IOException(error.Message, error);
            }
        }

        var rest = _chunk.Content.AsMemory((int)(_position - _chunk.Begin));
        var count = (int)Math.Min(Math.Min(rest.Length, buffer.Length), _end - _position);
        rest[..count].CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Cancel();
            foreach (var task in _coming)
                task.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            _stop.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<ProvenChunk> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            for (; _coming.Count < ahead && _asked < _end; _asked += DataRootHasher.MaxChunkBytes)
                _coming.Enqueue(reader.ReadAsync(_asked, _stop.Token));
            var chunk = _coming.TryDequeue(out var next)
                ? await next.WaitAsync(cancellation).ConfigureAwait(false)
                : await reader.ReadAsync(_position, cancellation).ConfigureAwait(false);
            if (chunk.Begin > _position)
                chunk = await reader.ReadAsync(_position, cancellation).ConfigureAwait(false);
            if (_position < chunk.Begin + chunk.Content.Length)
                return chunk;
        }
    }
}

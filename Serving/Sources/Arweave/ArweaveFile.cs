namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// A file on Arweave, fetched from whichever gateway gives it. One that breaks off is followed by the next, which goes on at the
/// same byte: what has an id is the same everywhere. Content that turns out wrong is fetched anew from others; when several
/// gateways gave parts of it, from one at a time, so that a liar cannot spoil the parts of the honest ones.
/// </summary>
/// <param name="gateways">All gateways.</param>
/// <param name="entry">What is fetched.</param>
/// <param name="teller">Who told what the entry is; it is asked for the data first. Where the signature is over the data, the header
/// is only as good as its word until the data is there, and it is to blame when both do not fit.</param>
/// <param name="options">When chunks are fetched.</param>
/// <param name="what">The model id, for messages.</param>
internal sealed class ArweaveFile(Gateways gateways, ArweaveEntry entry, Gateway teller, ArweaveOptions options, string what) : RemoteSourceFile
{
    private readonly List<Gateway> _order = [.. gateways.InOrder().OrderBy(gateway => gateway != teller)];
    private readonly HashSet<Gateway> _givers = [];
    private readonly List<string> _refusals = [];
    private bool _isAlone;
    private bool _hasOpened;
    private bool _chunksOnly;
    private Gateway? _current;

    public override IReadOnlyList<string> Verified(bool wholeContent) => entry.Checks(wholeContent);

    public override IContentCheck? CreateCheck() => entry.CreateCheck(() => _chunksOnly);

    public override async Task<SourceStream> OpenAsync(long offset, string? validator, CancellationToken cancellation)
    {
        // Asked again, the last one broke off: it is the last to be asked.
        if (_hasOpened && !_isAlone && _order.Count > 1)
        {
            _order.Add(_order[0]);
            _order.RemoveAt(0);
        }

        _hasOpened = true;
        try
        {
            return await gateways.AskAsync(what, [.. _order], (gateway, stop) => OpenAsync(gateway, offset, stop), cancellation).ConfigureAwait(false);
        }
        catch (ServingException error)
        {
            // It exists, whatever those say that are left.
            _refusals.Add(error.Message);
            throw new ServingException(ServingError.SourceFailed, _refusals.Count == 1 ? error.Message : Refusal().Message, error) { RetryAfter = error.RetryAfter };
        }
    }

    public override Exception? Refuse(ServingException mismatch)
    {
        var givers = _givers.ToList();
        (_hasOpened, _current) = (false, null);
        _givers.Clear();
        if (givers.Count > 1)
        {
            _isAlone = true;
            return null;
        }

        foreach (var giver in givers)
        {
            _refusals.Add($"{giver.Name}: {mismatch.Message}");
            _order.Remove(giver);
            if (!entry.IsVerified && giver != teller)
                continue;
            gateways.Lied(giver, what, mismatch.Message);
            if (!entry.IsVerified)
                return Distrust();
        }

        if (givers.Count == 1 && _order.Count > 0)
            return null;
        if (!entry.IsVerified)
        {
            gateways.Lied(teller, what, mismatch.Message);
            return Distrust();
        }

        if (_chunksOnly || entry is not TransactionEntry)
            return Refusal();
        // Last resort: every chunk proves itself, whoever gives it and however the uploader cut the data.
        (_chunksOnly, _isAlone) = (true, false);
        _order.Clear();
        _order.AddRange(gateways.InOrder());
        return null;
    }

    // Another gateway may tell another header.
    private Exception Distrust() => gateways.HasHonest ? new SourceChangedException(Refusal().Message) : Refusal();

    private ServingException Refusal() => new(ServingError.SourceFailed, $"no Arweave gateway gave '{what}' as it was signed: {string.Join("; ", _refusals)}");

    private async Task<SourceStream> OpenAsync(Gateway gateway, long offset, CancellationToken cancellation)
    {
        if (_isAlone && _current != gateway)
            offset = 0;
        var stream = await OpenOneAsync(gateway, offset, cancellation).ConfigureAwait(false);
        if (stream.Offset == 0)
            _givers.Clear();
        // What chunks proved needs nobody to vouch for it.
        if (stream.Content is not ChunkStream || entry is not TransactionEntry)
            _givers.Add(gateway);
        _current = gateway;
        return stream;
    }

    private async Task<SourceStream> OpenOneAsync(Gateway gateway, long offset, CancellationToken cancellation)
    {
        var length = entry.Length;
        if (entry.Chunks is null || length is null)
            return await gateway.OpenAsync(entry.Id, offset, length, cancellation).ConfigureAwait(false);
        if (_chunksOnly)
            return await OpenChunksAsync(gateway, offset, cancellation).ConfigureAwait(false);
        var chunksFirst = options.ChunkedFromBytes > 0 && length >= options.ChunkedFromBytes;
        try
        {
            return chunksFirst
                ? await OpenChunksAsync(gateway, offset, cancellation).ConfigureAwait(false)
                : await gateway.OpenAsync(entry.Id, offset, length, cancellation).ConfigureAwait(false);
        }
        catch (GatewayException error) when (error.RetryAfter is null)
        {
            if (error.Fault == GatewayFault.Lied)
                gateways.Note(gateway, what, error);
            try
            {
                return chunksFirst
                    ? await gateway.OpenAsync(entry.Id, offset, length, cancellation).ConfigureAwait(false)
                    : await OpenChunksAsync(gateway, offset, cancellation).ConfigureAwait(false);
            }
            catch (GatewayException other)
            {
                throw new GatewayException(error.Fault, $"{error.Message}, and {other.Message}");
            }
        }
    }

    private async Task<SourceStream> OpenChunksAsync(Gateway gateway, long offset, CancellationToken cancellation)
    {
        var reader = await ChunkReader.OpenAsync(gateway, entry.Chunks!, cancellation).ConfigureAwait(false);
        var stream = new ChunkStream(reader, entry.Chunks!.Begin + offset, entry.Length!.Value - offset, options.ParallelChunks, error => gateways.Note(gateway, what, error));
        try
        {
            // A gateway without chunks, or with false ones, is told from one that has them by the first.
            await stream.StartAsync(cancellation).ConfigureAwait(false);
            return new SourceStream(stream, offset, entry.Length, null);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

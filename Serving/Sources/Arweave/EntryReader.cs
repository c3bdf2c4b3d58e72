namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// Reads what has an id from one gateway, as far as it can be verified before its data is there: id and signature belong together,
/// the key is that of the owner, and for transactions of format 2 the signature holds.
/// </summary>
internal static class EntryReader
{
    private const int MaxNesting = 4;

    /// <param name="gateway">Whom to ask.</param>
    /// <param name="id">Transaction or data item.</param>
    /// <param name="bundle">The bundle it is in, when the index said so.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<ArweaveEntry> ReadAsync(Gateway gateway, string id, string? bundle, CancellationToken cancellation)
    {
        if (bundle is not null)
            return await ReadItemAsync(gateway, id, bundle, cancellation).ConfigureAwait(false);
        try
        {
            return Verify(id, await gateway.TransactionAsync(id, cancellation).ConfigureAwait(false));
        }
        catch (GatewayException error) when (error.Fault == GatewayFault.Absent)
        {
            // Data items are no transactions; the index knows where they are.
            var indexed = await gateway.QueryAsync(GraphQl.Transaction(id), GraphQl.ReadOne, cancellation).ConfigureAwait(false);
            if (indexed?.BundledIn is not { } found)
                throw;
            return await ReadItemAsync(gateway, id, found, cancellation).ConfigureAwait(false);
        }
    }

    private static ArweaveEntry Verify(string id, ArweaveTransaction transaction)
    {
        if (transaction.Id != id)
            throw GatewayException.Failed("id", $"the header for {id} is that of {transaction.Id}");
        if (transaction.Owner.Length == 0 || transaction.Signature.Length == 65)
            throw new GatewayException(GatewayFault.Unverifiable, $"{id} is signed with a secp256k1 key, which cannot be verified here; only RSA signatures can");
        if (Base64Url.HashOf(transaction.Signature) != id)
            throw GatewayException.Failed("id", $"{id} is not the SHA-256 of its signature");
        var owner = Base64Url.HashOf(transaction.Owner);
        return transaction.Format switch
        {
            2 when PssSignature.Verify(transaction.Owner, transaction.SignedHash(), transaction.Signature) => new TransactionEntry(transaction)
            {
                Id = id,
                Owner = owner,
                Tags = transaction.Tags,
                Length = transaction.DataSize,
                Chunks = new ChunkedLocation(id, transaction.DataRoot, transaction.DataSize, 0),
            },
            2 => throw GatewayException.Failed("signature", $"the header of {id} does not have its owner's signature"),
            1 when transaction.Denomination == "0" => new OldTransactionEntry(transaction) { Id = id, Owner = owner, Tags = transaction.Tags, Length = transaction.DataSize },
            _ => throw new GatewayException(GatewayFault.Unverifiable, $"{id} has format {transaction.Format}, which cannot be verified here; only 1 and 2 can"),
        };
    }

    private static async Task<ArweaveEntry> ReadItemAsync(Gateway gateway, string id, string bundle, CancellationToken cancellation)
    {
        var data = await LocateAsync(gateway, bundle, MaxNesting, cancellation).ConfigureAwait(false);
        var place = await BundleIndex.FindAsync(gateway, data, id, cancellation).ConfigureAwait(false);
        var head = await gateway.RangeAsync(place.Transaction, place.Begin, (int)Math.Min(place.Length, DataItem.MaxHeaderBytes), cancellation).ConfigureAwait(false);
        var item = Parse(id, head);
        if (Base64Url.HashOf(item.Signature) != id)
            throw GatewayException.Failed("id", $"{id} is not the SHA-256 of its signature");
        var root = await gateway.TransactionAsync(place.Transaction, cancellation).ConfigureAwait(false);
        return new DataItemEntry(item)
        {
            Id = id,
            Owner = Base64Url.HashOf(item.Owner),
            Tags = item.Tags,
            Length = place.Length - item.HeaderBytes,
            // Not verified: the item's own signature covers all of its data, wherever that comes from.
            Chunks = new ChunkedLocation(place.Transaction, root.DataRoot, root.DataSize, place.Begin + item.HeaderBytes),
        };
    }

    // Where the data of a bundle is; a bundle may itself be a data item of another bundle.
    private static async Task<DataPlace> LocateAsync(Gateway gateway, string bundle, int nesting, CancellationToken cancellation)
    {
        if (nesting == 0)
            throw new GatewayException(GatewayFault.Unverifiable, $"the data item is in bundles nested more than {MaxNesting} deep");
        var indexed = await gateway.QueryAsync(GraphQl.Transaction(bundle), GraphQl.ReadOne, cancellation).ConfigureAwait(false);
        if (indexed?.BundledIn is not { } outer)
        {
            var transaction = await gateway.TransactionAsync(bundle, cancellation).ConfigureAwait(false);
            return new DataPlace(bundle, 0, transaction.DataSize);
        }

        var data = await LocateAsync(gateway, outer, nesting - 1, cancellation).ConfigureAwait(false);
        var place = await BundleIndex.FindAsync(gateway, data, bundle, cancellation).ConfigureAwait(false);
        var head = await gateway.RangeAsync(place.Transaction, place.Begin, (int)Math.Min(place.Length, DataItem.MaxHeaderBytes), cancellation).ConfigureAwait(false);
        var header = Parse(bundle, head).HeaderBytes;
        return place with { Begin = place.Begin + header, Length = place.Length - header };
    }

    private static DataItem Parse(string id, byte[] head)
    {
        try
        {
            return DataItem.Read(head);
        }
        catch (FormatException error)
        {
            throw new GatewayException(GatewayFault.Broken, $"sent something else than data item {id}: {error.Message}");
        }
    }
}

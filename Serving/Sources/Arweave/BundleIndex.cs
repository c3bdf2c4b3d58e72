using System.Buffers.Binary;

namespace Granary.Serving.Sources.Arweave;

/// <summary>A range of the data of a transaction.</summary>
internal sealed record DataPlace(string Transaction, long Begin, long Length);

/// <summary>
/// The table at the head of a bundle: how many items, then length and id of each; the items follow in that order.
/// Source: ANS-104, section 1.2.
/// </summary>
internal static class BundleIndex
{
    private const int NumberBytes = 32;
    private const int EntryBytes = 64;
    private const int EntriesPerRead = 4096;
    private const int MaxItems = 1_000_000;

    /// <summary>Finds an item by its id. What the table says is not verified; the item is.</summary>
    public static async Task<DataPlace> FindAsync(Gateway gateway, DataPlace bundle, string id, CancellationToken cancellation)
    {
        var first = await gateway.RangeAsync(bundle.Transaction, bundle.Begin, (int)Math.Min(bundle.Length, NumberBytes), cancellation).ConfigureAwait(false);
        var count = first.Length == NumberBytes ? Number(first) : -1;
        if (count is < 0 or > MaxItems || NumberBytes + (count * EntryBytes) > bundle.Length)
            throw new GatewayException(GatewayFault.Broken, $"{bundle.Transaction} is no bundle with at most {MaxItems:N0} items");
        var wanted = Base64Url.Read(id);
        var offset = NumberBytes + (count * EntryBytes);
        for (var read = 0L; read < count; read += EntriesPerRead)
        {
            var entries = (int)Math.Min(EntriesPerRead, count - read);
            var table = await gateway.RangeAsync(bundle.Transaction, bundle.Begin + NumberBytes + (read * EntryBytes), entries * EntryBytes, cancellation).ConfigureAwait(false);
            for (var i = 0; i < entries; i++)
            {
                var entry = table.AsSpan(i * EntryBytes, EntryBytes);
                var length = Number(entry[..NumberBytes]);
                if (length < 0 || offset > bundle.Length - length)
                    throw new GatewayException(GatewayFault.Broken, $"the table of bundle {bundle.Transaction} reaches beyond its end");
                if (entry[NumberBytes..].SequenceEqual(wanted))
                    return new DataPlace(bundle.Transaction, bundle.Begin + offset, length);
                offset += length;
            }
        }

        throw new GatewayException(GatewayFault.Broken, $"the bundle {bundle.Transaction} does not hold {id}");
    }

    // Little-endian; -1 for more than any file has.
    private static long Number(ReadOnlySpan<byte> bytes)
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return value < 0 || bytes[sizeof(long)..].ContainsAnyExcept((byte)0) ? -1 : value;
    }
}

namespace Granary.Serving.Sources.Arweave;

/// <summary>Tags of a data item: an Avro array of records of two byte strings. Source: ANS-104, section 1.3.1; Avro 1.11, binary encoding.</summary>
internal static class TagList
{
    /// <exception cref="FormatException">The bytes are no such list, or hold another number of tags.</exception>
    public static IReadOnlyList<ArweaveTag> Read(ReadOnlySpan<byte> bytes, int count)
    {
        var tags = new List<ArweaveTag>();
        if (bytes.IsEmpty && count == 0)
            return tags;
        for (var items = Number(ref bytes); items != 0; items = Number(ref bytes))
        {
            // A negative count is followed by the length of the block, for readers that skip.
            if (items < 0)
                Number(ref bytes);
            if (Math.Abs(items) > count - tags.Count)
                throw Malformed();
            for (var i = 0; i < Math.Abs(items); i++)
                tags.Add(new ArweaveTag(Bytes(ref bytes), Bytes(ref bytes)));
        }

        return bytes.IsEmpty && tags.Count == count ? tags : throw Malformed();
    }

    private static byte[] Bytes(ref ReadOnlySpan<byte> bytes)
    {
        var length = Number(ref bytes);
        if (length < 0 || length > bytes.Length)
            throw Malformed();
        var taken = bytes[..(int)length].ToArray();
        bytes = bytes[(int)length..];
        return taken;
    }

    // Zigzag in groups of seven bits, the lowest first; nothing here needs more than five groups.
    private static long Number(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var i = 0; i < Math.Min(5, bytes.Length); i++)
        {
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] >= 0x80)
                continue;
            bytes = bytes[(i + 1)..];
            return (long)(value >> 1) ^ -(long)(value & 1);
        }

        throw Malformed();
    }

    private static FormatException Malformed() => new("the tags of a data item are malformed");
}

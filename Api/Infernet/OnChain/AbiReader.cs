namespace Granary.Api.Infernet.OnChain;

/// <summary>
/// Reads one ABI-encoded tuple as strictly as eth_abi does: the unused bits of a word must be zero or repeat the sign, the
/// padding after bytes must be zero and present. Whatever stands behind the last tail is ignored, since contracts append
/// randomness to their inputs. Offsets may point anywhere inside the data, at the same place too: each names one flat run of
/// words, so that cannot make a request larger than it is.
/// </summary>
/// <param name="data">The tuple with whatever follows it; offsets count from its start.</param>
/// <param name="origin">Where it starts in the whole data, for messages.</param>
internal readonly ref struct AbiReader(ReadOnlySpan<byte> data, int origin = 0)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private readonly int _origin = origin;

    /// <summary>The word at an index of the head.</summary>
    public AbiWord Word(int index, string field) => WordAt((long)index * AbiWord.Size, field);

    /// <summary>A <c>uint8</c> of the head.</summary>
    public byte UInt8(int index, string field)
    {
        var word = Word(index, field);
        return word.IsUInt64 && word.D <= byte.MaxValue
            ? (byte)word.D
            : throw AbiErrors.Invalid(field, PositionOf(index), $"{word} is no uint8");
    }

    /// <summary>A <c>bytes</c> whose offset stands in the head, as a tuple of its own or as text.</summary>
    public AbiBytes Bytes(int index, string field)
    {
        var (start, length) = Tail(index, field);
        var room = _data.Length - start;
        if (length > room)
            AbiErrors.ThrowShort(field, _origin + start, length, _origin + _data.Length);
        var padding = -length & (AbiWord.Size - 1);
        if (padding > room - length)
            AbiErrors.ThrowShort(field, _origin + start, (long)length + padding, _origin + _data.Length);
        if (_data.Slice(start + length, padding).ContainsAnyExcept((byte)0))
            throw AbiErrors.Invalid(field, _origin + start + length, "the padding is not zero");
        return new AbiBytes(_data.Slice(start, length), _origin + start);
    }

    /// <summary>A <c>string</c> whose offset stands in the head.</summary>
    /// <param name="index">Index of its offset.</param>
    /// <param name="field">For messages.</param>
    /// <param name="limitBytes">Longest text that is accepted.</param>
    public ReadOnlySpan<byte> Text(int index, string field, int limitBytes)
    {
        var text = Bytes(index, field);
        if (text.Content.Length > limitBytes)
            throw AbiErrors.Invalid(field, text.Position, $"the text has {text.Content.Length} bytes; at most {limitBytes} are accepted");
        return System.Text.Unicode.Utf8.IsValid(text.Content) ? text.Content : throw AbiErrors.Invalid(field, text.Position, "the text is not UTF-8");
    }

    /// <summary>An array of one-word elements whose offset stands in the head.</summary>
    public AbiArray Array(int index, string field)
    {
        var (start, count) = Tail(index, field);
        var needed = (long)count * AbiWord.Size;
        if (needed > _data.Length - start)
            AbiErrors.ThrowShort(field, _origin + start, needed, _origin + _data.Length);
        return new AbiArray(_data.Slice(start, (int)needed), _origin + start, field);
    }

    // Where the content behind an offset starts, and its length word.
    private (int Start, int Length) Tail(int index, string field)
    {
        var offset = Word(index, field);
        if (!offset.IsUInt64 || offset.D > (ulong)_data.Length)
            throw AbiErrors.Invalid(field, PositionOf(index), $"the offset {offset} points behind the data, which has {_data.Length} bytes from where it counts");
        var length = WordAt((long)offset.D, field);
        if (!length.IsUInt64 || length.D > (ulong)_data.Length)
            throw AbiErrors.Invalid(field, _origin + (long)offset.D, $"the length {length} is more than the data holds");
        return ((int)offset.D + AbiWord.Size, (int)length.D);
    }

    private AbiWord WordAt(long offset, string field)
    {
        if (offset + AbiWord.Size > _data.Length)
            AbiErrors.ThrowShort(field, _origin + offset, AbiWord.Size, _origin + _data.Length);
        return AbiWord.Load(_data[(int)offset..]);
    }

    /// <summary>Where a word of the head stands in the whole data.</summary>
    public long PositionOf(int index) => _origin + ((long)index * AbiWord.Size);
}

/// <summary>The content of a <c>bytes</c> and where it stands in the whole data.</summary>
internal readonly ref struct AbiBytes(ReadOnlySpan<byte> content, int position)
{
    public ReadOnlySpan<byte> Content { get; } = content;

    public int Position { get; } = position;

    /// <summary>A reader of the tuple that the bytes hold.</summary>
    public AbiReader Open() => new(Content, Position);
}

/// <summary>The words of an array and where they stand in the whole data.</summary>
internal readonly ref struct AbiArray(ReadOnlySpan<byte> words, int position, string field)
{
    public ReadOnlySpan<byte> Words { get; } = words;

    public int Position { get; } = position;

    public string Field { get; } = field;

    public int Count => Words.Length / AbiWord.Size;

    public AbiWord this[int index] => AbiWord.Load(Words[(index * AbiWord.Size)..]);

    /// <summary>The failure of one element.</summary>
    public Serving.ServingException Invalid(int index, string what) =>
        AbiErrors.Invalid($"{Field}[{index}]", Position + ((long)index * AbiWord.Size), $"{this[index]} {what}");
}

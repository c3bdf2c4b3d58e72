namespace Granary.Serving.Json;

/// <summary>Walks nested lists of one dtype into a buffer and finds or checks their shape on the way, in one pass.</summary>
internal unsafe ref struct NestedReader<T, TElement>
    where T : unmanaged
    where TElement : IElement<T>
{
    private const int Unknown = -1;
    private readonly byte* _begin;
    private readonly byte* _end;
    private readonly bool _checksShape;
    private readonly bool _listsAreValues;
    private readonly string? _shapeText;
    private readonly Span<long> _sizes;
    private readonly Span<long> _counts;
    private byte* _p;
    private int _rank;
    private int _depth;
    private int _deepest;

    /// <summary>The elements read.</summary>
    public TensorBuffer<T> Buffer;

    /// <param name="begin">Start of the text.</param>
    /// <param name="end">End of the text.</param>
    /// <param name="position">Where the value starts.</param>
    /// <param name="sizes">Room for <see cref="JsonCursor.MaxDepth"/> sizes; the given ones, if any.</param>
    /// <param name="counts">Room for as many counts.</param>
    /// <param name="plan">What the nesting must be.</param>
    public NestedReader(byte* begin, byte* end, int position, Span<long> sizes, Span<long> counts, NestingPlan plan)
    {
        _begin = begin;
        _end = end;
        _p = JsonText.SkipWhiteSpace(begin + position, end);
        _sizes = sizes;
        _counts = counts;
        _rank = plan.Rank;
        _checksShape = plan.ChecksShape;
        _listsAreValues = plan.ListsAreValues;
        _shapeText = plan.ShapeText;
        Buffer = new TensorBuffer<T>(Math.Min(plan.ExpectedElements, ((end - _p) / plan.BytesPerElement) + 1));
    }

    /// <summary>Where reading stopped.</summary>
    public readonly int Position => (int)(_p - _begin);

    /// <summary>The sizes found.</summary>
    public readonly long[] Shape => _sizes[..Math.Max(_rank, 0)].ToArray();

    /// <summary>Reads the whole value: a list, or a bare value for shape <c>[]</c>.</summary>
    public void Read()
    {
        if (!IsAt((byte)'[') || (_rank == 0 && _listsAreValues))
        {
            ReadBareValue();
            return;
        }

        do
        {
            if (IsAt((byte)'[') && (!_listsAreValues || _depth < _rank))
                Open();
            else
                ReadRow();
        }
        while (_depth > 0);
    }

    private readonly bool IsAt(byte expected) => _p < _end && *_p == expected;

    private void Open()
    {
        if (_checksShape && _depth == _rank)
            TensorErrors.ThrowNesting(_counts[..Math.Max(_depth - 1, 0)], Position, expectedList: false, _rank, _shapeText);
        if (_depth == JsonCursor.MaxDepth)
            JsonErrors.ThrowMalformed(Position, $"nested more than {JsonCursor.MaxDepth} levels deep");
        // Given sizes stand there already; those to be found are unknown when a level is first met.
        if (_shapeText is null && _depth == _deepest)
            _sizes[_deepest++] = Unknown;
        _counts[_depth++] = 0;
        _p = JsonText.SkipWhiteSpace(_p + 1, _end);
        if (!IsAt((byte)']'))
            return;
        _p++;
        Close();
    }

    private void ReadRow()
    {
        if (_checksShape && _rank == Unknown)
            _rank = _depth;
        else if (_checksShape && _depth != _rank)
            ThrowExpectedList();
        RowEnd reason;
        do
        {
            if (Buffer.Room == 0)
                Buffer.Grow();
            reason = RowReader<T, TElement>.Read(ref _p, _begin, _end, Buffer.Next, Buffer.Room, _listsAreValues, out var count);
            Buffer.Count += count;
            _counts[_depth - 1] += count;
        }
        while (reason == RowEnd.Full);
        if (reason == RowEnd.Closed)
            Close();
    }

    // A list has just been closed: check its size, and go on to the next item of the lists around it.
    private void Close()
    {
        while (true)
        {
            var size = _counts[_depth - 1];
            if (_checksShape)
                CheckSize(size);
            if (--_depth == 0)
                return;
            _counts[_depth - 1]++;
            _p = JsonText.SkipWhiteSpace(_p, _end);
            if (IsAt((byte)','))
            {
                _p = JsonText.SkipWhiteSpace(_p + 1, _end);
                return;
            }

            if (!IsAt((byte)']'))
                JsonErrors.ThrowMalformed(Position, $"expected ',' or ']', found {JsonErrors.Found(new ReadOnlySpan<byte>(_begin, (int)(_end - _begin)), Position)}");
            _p++;
        }
    }

    private void CheckSize(long size)
    {
        if (_rank == Unknown)
            _rank = _depth;
        ref var expected = ref _sizes[_depth - 1];
        if (expected == Unknown)
            expected = size;
        else if (expected != size)
            TensorErrors.ThrowSize(_counts[..(_depth - 1)], Position - 1, expected, size, _shapeText);
    }

    private void ReadBareValue()
    {
        if (_rank == Unknown)
            _rank = 0;
        else if (_rank != 0)
            ThrowExpectedList();
        // A value ends like the last of a list, only that no bracket follows; reading one and no more is enough.
        ReadOne();
        Buffer.Count = 1;
    }

    private void ReadOne()
    {
        if (TElement.TryRead(ref _p, _end, out *Buffer.Next))
            return;
        var text = new ReadOnlySpan<byte>(_begin, (int)(_end - _begin));
        var isTrue = text[Position..].StartsWith("true"u8);
        if (!isTrue && !text[Position..].StartsWith("false"u8))
            ElementErrors.Throw(text, Position, TElement.DType);
        *Buffer.Next = TElement.FromBoolean(isTrue);
        _p += isTrue ? 4 : 5;
    }

    private readonly void ThrowExpectedList()
    {
        // What is not a value at all is a worse mistake than one in the wrong place.
        new JsonCursor(new ReadOnlySpan<byte>(_begin, (int)(_end - _begin))) { Position = Position }.SkipValue();
        TensorErrors.ThrowNesting(_counts[..Math.Max(_depth - 1, 0)], Position, expectedList: true, _rank, _shapeText);
    }
}

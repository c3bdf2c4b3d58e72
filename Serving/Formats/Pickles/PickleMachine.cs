namespace Granary.Serving.Formats.Pickles;

/// <summary>
/// Reads a pickle and runs nothing: classes and functions are names, an instance is its class name and its state, and only the calls of
/// <see cref="PickleCalls"/> are understood. Takes the opcodes that protocols 2 to 5 write, each in constant time and within a budget.
/// Source: CPython's <c>Lib/pickletools.py</c>.
/// </summary>
/// <remarks>One machine reads one pickle. Nothing here calls itself, however deep the pickle nests.</remarks>
internal sealed class PickleMachine(PickleCursor cursor, PickleReferences references, PickleBudget budget)
{
    private readonly PickleStack _stack = new(budget);
    private readonly PickleMemo _memo = new(budget);
    private readonly PickleCalls _calls = new(budget);

    /// <summary>Reads up to the end of the pickle; the cursor stands behind it.</summary>
    /// <exception cref="PickleException">It is cut off, contradicts itself, or holds what is not read.</exception>
    public object? Run()
    {
        for (var count = 0; ; count++)
        {
            if (count > PickleLimits.Opcodes)
                throw PickleException.Refused($"holds a pickle of more than {PickleLimits.Opcodes} steps");
            var at = cursor.Position;
            var code = cursor.Byte();
            if (code == (byte)'.')
                return _stack.PopLast();
            if (!Value(code) && !Container(code) && !Object(code))
                throw PickleException.Refused($"holds a pickle with the opcode 0x{code:x2} at byte {at}, which no model of PyTorch has");
        }
    }

    /// <summary>Opcodes that push a plain value, and headers.</summary>
    private bool Value(byte code)
    {
        switch (code)
        {
            case 0x80:
                var protocol = cursor.Byte();
                if (protocol is < 2 or > 5)
                    throw PickleException.Refused($"holds a pickle of protocol {protocol}; 2 to 5 are read");
                break;
            case 0x95:
                // A frame only helps to read ahead; where it ends says nothing.
                cursor.Int64();
                break;
            case (byte)'N':
                _stack.Push(null);
                break;
            case 0x88:
                _stack.Push(Boxes.True);
                break;
            case 0x89:
                _stack.Push(Boxes.False);
                break;
            case (byte)'K':
                Number(cursor.Byte());
                break;
            case (byte)'M':
                Number(cursor.UInt16());
                break;
            case (byte)'J':
                Number(cursor.Int32());
                break;
            case 0x8a:
                Long(cursor.Byte());
                break;
            case 0x8b:
                Long(cursor.UInt32());
                break;
            case (byte)'G':
                budget.Charge(24);
                _stack.Push(cursor.Double());
                break;
            case 0x8c or (byte)'U':
                Text(cursor.Byte());
                break;
            case (byte)'X' or (byte)'T':
                Text(cursor.UInt32());
                break;
            case 0x8d:
                Text(cursor.Int64());
                break;
            case (byte)'C':
                Bytes(cursor.Byte());
                break;
            case (byte)'B':
                Bytes(cursor.UInt32());
                break;
            case 0x8e:
                Bytes(cursor.Int64());
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Opcodes that make and fill containers, and the memo.</summary>
    private bool Container(byte code)
    {
        switch (code)
        {
            case (byte)'(':
                _stack.Mark();
                break;
            case (byte)'0':
                _stack.Pop();
                break;
            case (byte)'1':
                _stack.PopMark(discard: true);
                break;
            case (byte)')':
                _stack.Push(Boxes.EmptyTuple);
                break;
            case >= 0x85 and <= 0x87:
                _stack.Push(_stack.PopTuple(code - 0x84));
                break;
            case (byte)'t':
                _stack.Push(_stack.PopMark());
                break;
            case (byte)']':
                budget.Charge(32);
                _stack.Push(new List<object?>());
                break;
            case (byte)'}':
                budget.Charge(24);
                _stack.Push(new PickledDict());
                break;
            case 0x8f:
                budget.Charge(56);
                _stack.Push(new PickledSet([]));
                break;
            case 0x91:
                budget.Charge(56);
                _stack.Push(new PickledSet([.. _stack.PopMark()]));
                break;
            case (byte)'a':
                PickleFill.Append(_stack, budget);
                break;
            case (byte)'e' or 0x90:
                PickleFill.AppendAll(_stack, budget);
                break;
            case (byte)'s':
                PickleFill.Set(_stack, budget);
                break;
            case (byte)'u':
                PickleFill.SetAll(_stack, budget);
                break;
            case (byte)'q':
                _memo.Put(cursor.Byte(), _stack.Peek());
                break;
            case (byte)'r':
                _memo.Put(cursor.UInt32(), _stack.Peek());
                break;
            case 0x94:
                _memo.Put(_memo.Count, _stack.Peek());
                break;
            case (byte)'h':
                _stack.Push(_memo.Get(cursor.Byte()));
                break;
            case (byte)'j':
                _stack.Push(_memo.Get(cursor.UInt32()));
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Opcodes that name classes, make instances and call; nothing is imported and nothing runs.</summary>
    private bool Object(byte code)
    {
        switch (code)
        {
            case (byte)'c':
                var module = PickleText.Of(cursor.Line(PickleLimits.NameLength));
                Global(module, PickleText.Of(cursor.Line(PickleLimits.NameLength)));
                break;
            case 0x93:
                var name = _stack.Pop() as string;
                Global(_stack.Pop() as string, name);
                break;
            case 0x81:
                NewObject();
                break;
            case (byte)'R':
                var arguments = _stack.Pop() as object?[] ?? throw PickleException.Damaged("its pickle calls something without arguments");
                _stack.Push(_calls.Call(_stack.Pop(), arguments));
                break;
            case (byte)'b':
                var state = _stack.Pop();
                PickleFill.Build(_stack.Peek(), state, budget);
                break;
            case (byte)'Q':
                _stack.Push(references.Resolve(_stack.Pop()));
                break;
            default:
                return false;
        }

        return true;
    }

    private void Number(long number)
    {
        if (number is < 0 or > 255)
            budget.Charge(24);
        _stack.Push(Boxes.Of(number));
    }

    private void Long(long length)
    {
        var bytes = cursor.Take(length);
        if (length > 8)
            throw PickleException.Refused("holds an integer of more than 64 bits");
        long number = length > 0 && bytes[^1] >= 0x80 ? -1 : 0;
        for (var i = bytes.Length - 1; i >= 0; i--)
            number = (number << 8) | bytes[i];
        Number(number);
    }

    private void Text(long length)
    {
        var utf8 = cursor.Take(length);
        if (length > PickleLimits.TextBytes)
            throw PickleException.Refused($"holds a text of {length} bytes; at most {PickleLimits.TextBytes} are read");
        budget.Charge(32 + (2 * length));
        _stack.Push(PickleText.Of(utf8));
    }

    private void Bytes(long length)
    {
        var bytes = cursor.Take(length);
        budget.Charge(32 + length);
        _stack.Push(bytes.ToArray());
    }

    private void Global(string? module, string? name)
    {
        if (module is not { Length: > 0 and <= PickleLimits.NameLength } || name is not { Length: > 0 and <= PickleLimits.NameLength })
            throw PickleException.Refused("names a class or a function by something that is no name");
        budget.Charge(64 + (2 * (module.Length + name.Length)));
        _stack.Push(new PickledGlobal(PrintableText.Of($"{module}.{name}", 2 * PickleLimits.NameLength)));
    }

    private void NewObject()
    {
        var arguments = _stack.Pop();
        var type = _stack.Pop() as PickledGlobal ?? throw PickleException.Damaged("its pickle makes an instance of something that is no class");
        if (arguments is not object?[])
            throw PickleException.Damaged($"its pickle makes an instance of {type} without arguments");
        budget.Charge(48);
        _stack.Push(new PickledObject(type));
    }
}

using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace Granary.Torch;

/// <summary>
/// Writes the arguments of a call to a tape: tensors by address, everything else by value. Pairs with ArgumentTape.cpp,
/// which has the grammar. Starts in the caller's buffer and moves to a pooled one when that is full.
/// </summary>
internal ref struct ArgumentTape(Span<byte> initial)
{
    /// <summary>Values nest no deeper than this; <c>kMaxDepth</c> of Shim.h.</summary>
    public const int MaxDepth = 256;

    private Span<byte> _buffer = initial;
    private int _length;
    private byte[]? _rented;

    /// <summary>What was written.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>Writes all arguments.</summary>
    /// <exception cref="TorchException">Values nest too deep or a value is null.</exception>
    public void Write(ReadOnlySpan<Argument> arguments)
    {
        Put((uint)arguments.Length);
        foreach (ref readonly var argument in arguments)
        {
            Put((byte)(argument.Name is null ? 0 : 1));
            if (argument.Name is not null)
                PutString(argument.Name);
            Write(argument.Value, 0);
        }
    }

    /// <summary>Gives the pooled buffer back.</summary>
    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
    }

    /// <summary>Writes one value of any kind.</summary>
    /// <exception cref="TorchException">Values nest too deep or a value is null.</exception>
    public void Write(Value value, int depth)
    {
        switch (value)
        {
            case Tensor tensor:
                Write(tensor);
                break;
            case IntValue number:
                Put(TapeTag.Int, number.Number);
                break;
            case DoubleValue number:
                Put(TapeTag.Float, number.Number);
                break;
            case BoolValue truth:
                Put(TapeTag.Bool, (byte)(truth.Truth ? 1 : 0));
                break;
            case StringValue text:
                Put(TapeTag.String);
                PutString(text.Text);
                break;
            case ComplexValue number:
                Put(TapeTag.Complex, number.Number);
                break;
            case NoneValue:
                Put(TapeTag.None);
                break;
            default:
                WriteContainer(value, depth);
                break;
        }
    }

    private void Write(Tensor tensor)
    {
        Put(TapeTag.Tensor, (byte)tensor.DType);
        Put((uint)tensor.Shape.Length);
        foreach (var size in tensor.Shape)
            Put(size);
        Put(tensor.Data);
    }

    private void WriteContainer(Value value, int depth)
    {
        if (depth >= MaxDepth)
            throw new TorchException(TorchFailure.Arguments, $"an argument nests deeper than {MaxDepth} levels");
        switch (value)
        {
            case ListValue list:
                Put(TapeTag.List, (uint)list.Items.Count);
                WriteItems(list.Items, depth);
                break;
            case TupleValue { Names: { } names } tuple:
                WriteNamedTuple(tuple, names, depth);
                break;
            case TupleValue tuple:
                Put(TapeTag.Tuple, (uint)tuple.Items.Count);
                WriteItems(tuple.Items, depth);
                break;
            case DictValue dict:
                Put(TapeTag.Dict, (uint)dict.Entries.Count);
                for (var i = 0; i < dict.Entries.Count; i++)
                {
                    Write(dict.Entries[i].Key, depth + 1);
                    Write(dict.Entries[i].Value, depth + 1);
                }

                break;
            default:
                throw new TorchException(TorchFailure.Arguments, value is null
                    ? "an argument is a null reference; TorchScript's None is NoneValue.Instance"
                    : $"a value of kind {value.Kind} cannot be passed to a model");
        }
    }

    private void WriteItems(IReadOnlyList<Value> items, int depth)
    {
        // By index: enumerating an interface allocates.
        for (var i = 0; i < items.Count; i++)
            Write(items[i], depth + 1);
    }

    private void WriteNamedTuple(TupleValue tuple, IReadOnlyList<string> names, int depth)
    {
        if (names.Count != tuple.Items.Count)
            throw new TorchException(TorchFailure.Arguments, $"a NamedTuple has {names.Count} names for {tuple.Items.Count} values");
        Put(TapeTag.NamedTuple, (uint)names.Count);
        for (var i = 0; i < names.Count; i++)
            PutString(names[i]);
        WriteItems(tuple.Items, depth);
    }

    private void Put<T>(TapeTag tag, T payload)
        where T : unmanaged
    {
        Put(tag);
        Put(payload);
    }

    /// <summary>Writes a fixed-size item.</summary>
    public void Put<T>(T item)
        where T : unmanaged
    {
        if (_buffer.Length - _length < Unsafe.SizeOf<T>())
            Grow(Unsafe.SizeOf<T>());
        Unsafe.WriteUnaligned(ref _buffer[_length], item);
        _length += Unsafe.SizeOf<T>();
    }

    /// <summary>Writes a length and UTF-8.</summary>
    public void PutString(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Put((uint)bytes);
        if (_buffer.Length - _length < bytes)
            Grow(bytes);
        _length += Encoding.UTF8.GetBytes(text, _buffer[_length..]);
    }

    private void Grow(int bytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_buffer.Length * 2, _length + bytes)));
        Written.CopyTo(larger);
        Dispose();
        _rented = larger;
        _buffer = larger;
    }
}

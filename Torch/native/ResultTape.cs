using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Granary.Torch;

/// <summary>Reads what a method returned from the tape that the shim wrote. Pairs with ResultTape.cpp.</summary>
internal unsafe ref struct ResultTape(byte* start)
{
    private byte* _at = start;

    /// <summary>The value at the read position; its tensors point into the native result.</summary>
    public Value ReadValue()
    {
        var tag = Read<TapeTag>();
        switch (tag)
        {
            case TapeTag.Tensor:
                return ReadTensor();
            case TapeTag.Int:
                return new IntValue(Read<long>());
            case TapeTag.Float:
                return new DoubleValue(Read<double>());
            case TapeTag.Complex:
                var real = Read<double>();
                return new ComplexValue(new Complex(real, Read<double>()));
            case TapeTag.Bool:
                return new BoolValue(Read<byte>() != 0);
            case TapeTag.String:
                return new StringValue(ReadString());
            case TapeTag.List:
                return new ListValue(ReadValues(ReadCount()));
            case TapeTag.Tuple:
                return new TupleValue(ReadValues(ReadCount()));
            case TapeTag.NamedTuple:
                return ReadNamedTuple();
            case TapeTag.Dict:
                return ReadDict();
            default:
                return NoneValue.Instance;
        }
    }

    /// <summary>A fixed-size item at the read position.</summary>
    public T Read<T>()
        where T : unmanaged
    {
        var value = Unsafe.ReadUnaligned<T>(_at);
        _at += sizeof(T);
        return value;
    }

    /// <summary>A count at the read position.</summary>
    public int ReadCount() => checked((int)Read<uint>());

    /// <summary>A string at the read position.</summary>
    public string ReadString()
    {
        var length = ReadCount();
        var text = Encoding.UTF8.GetString(_at, length);
        _at += length;
        return text;
    }

    private Tensor ReadTensor()
    {
        var dtype = Read<DType>();
        var shape = new long[ReadCount()];
        for (var i = 0; i < shape.Length; i++)
            shape[i] = Read<long>();
        return new Tensor(dtype, shape, Read<nint>(), owner: null);
    }

    private Value[] ReadValues(int count)
    {
        var values = new Value[count];
        for (var i = 0; i < values.Length; i++)
            values[i] = ReadValue();
        return values;
    }

    private TupleValue ReadNamedTuple()
    {
        var names = new string[ReadCount()];
        var typeName = ReadString();
        for (var i = 0; i < names.Length; i++)
            names[i] = ReadString();
        return new TupleValue(ReadValues(names.Length), typeName, names);
    }

    private DictValue ReadDict()
    {
        var entries = new KeyValuePair<Value, Value>[ReadCount()];
        for (var i = 0; i < entries.Length; i++)
        {
            var key = ReadValue();
            entries[i] = new(key, ReadValue());
        }

        return new DictValue(entries);
    }
}

/// <summary>Holds the memory of one call's outputs.</summary>
internal sealed partial class NativeResult : SafeHandle
{
    /// <summary>Takes ownership of a result of the shim.</summary>
    public NativeResult(nint result)
        : base(0, ownsHandle: true) => SetHandle(result);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Free(handle);
        return true;
    }

    // Ends the life of the result, its tape and its tensors. Thread-safe.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_result_free")]
    private static partial void Free(nint result);
}

using System.Buffers.Binary;
using System.Text;

namespace Granary.Serving.Tests.Formats.Pickles;

/// <summary>Writes pickles opcode by opcode, also such as no pickler would write.</summary>
internal sealed class PickleWriter
{
    private readonly MemoryStream _bytes = new();

    public PickleWriter(int protocol = 2) => Raw(0x80, (byte)protocol);

    /// <summary>What was written.</summary>
    public byte[] Bytes => _bytes.ToArray();

    public PickleWriter Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Opcodes that are letters.</summary>
    public PickleWriter Op(string letters) => Raw(Encoding.Latin1.GetBytes(letters));

    public PickleWriter Repeat(int times, params ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < times; i++)
            Raw(bytes);
        return this;
    }

    public PickleWriter Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Op("X").Raw(length).Raw(utf8);
    }

    public PickleWriter Int(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return number is >= 0 and < 256 ? Op("K").Raw((byte)number) : Raw(0x8a, 8).Raw(bytes);
    }

    public PickleWriter Global(string module, string name) => Op($"c{module}\n{name}\n");

    /// <summary>A tuple of what is written inside.</summary>
    public PickleWriter Tuple(Action<PickleWriter> items)
    {
        Op("(");
        items(this);
        return Op("t");
    }

    public PickleWriter Numbers(params ReadOnlySpan<long> numbers)
    {
        Op("(");
        foreach (var number in numbers)
            Int(number);
        return Op("t");
    }

    /// <summary>A call of a function with a tuple of arguments.</summary>
    public PickleWriter Call(string module, string name, Action<PickleWriter> arguments) => Global(module, name).Tuple(arguments).Op("R");

    public PickleWriter Storage(string key, long count, string type = "DoubleStorage") => Tuple(id => id
        .Text("storage").Global("torch", type).Text(key).Text("cpu").Int(count)).Op("Q");

    public PickleWriter Tensor(string key, long count, long offset, long[] sizes, long[] strides) => Call("torch._utils", "_rebuild_tensor_v2", arguments =>
        arguments.Storage(key, count).Int(offset).Numbers(sizes).Numbers(strides).Raw(0x89).Call("collections", "OrderedDict", _ => { }));

    /// <summary>An instance of a class with the state of a module.</summary>
    public PickleWriter Module(string module, string name, Action<PickleWriter>? parameters = null, Action<PickleWriter>? modules = null, Action<PickleWriter>? attributes = null)
    {
        Global(module, name).Op(")").Raw(0x81).Op("}(");
        Text("_parameters").Op("}(");
        parameters?.Invoke(this);
        Op("u").Text("_modules").Op("}(");
        modules?.Invoke(this);
        Op("u");
        attributes?.Invoke(this);
        return Op("ub");
    }

    /// <summary>A linear layer of four inputs and two outputs over the storages 0 (eight doubles) and 1 (two).</summary>
    public PickleWriter Linear(Action<PickleWriter>? weight = null, Action<PickleWriter>? attributes = null) => Module(
        "torch.nn.modules.linear",
        "Linear",
        parameters =>
        {
            parameters.Text("weight");
            (weight ?? (plain => plain.Tensor("0", 8, 0, [2, 4], [4, 1])))(parameters);
            parameters.Text("bias").Tensor("1", 2, 0, [2], [1]);
        },
        null,
        attributes);

    /// <summary>Ends the pickle and puts it into a file as torch does, with the storages of <see cref="Linear"/>.</summary>
    public byte[] File()
    {
        Op(".");
        return TorchFiles.Zip(("archive/data.pkl", Bytes), ("archive/data/0", new byte[64]), ("archive/data/1", new byte[16]), ("archive/version", "3\n"u8.ToArray())).ToArray();
    }
}

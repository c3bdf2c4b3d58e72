using System.IO.Compression;

namespace Granary.Serving.Tests.Formats.Pickles;

/// <summary>Files that want to run code, take all memory or read what is not theirs, each with what the refusal must say.</summary>
internal static class HostilePickles
{
    private const int Million = 1_000_000;

    /// <param name="marker">A file that comes into being if anything is executed.</param>
    public static IEnumerable<(string Name, byte[] File, string Message)> All(string marker) =>
        [.. Code(marker), .. Size(), .. Nesting(), .. References(), .. Tensors(), .. Modules(), .. Zips()];

    private static PickleWriter New(int protocol = 2) => new(protocol);

    private static IEnumerable<(string, byte[], string)> Code(string marker)
    {
        var shell = $"touch {marker}";
        var python = $"open('{marker}','w')";
        yield return ("os.system", New().Call("os", "system", call => call.Text(shell)).File(), "asks Python to call os.system, which is never done here");
        yield return ("posix.system by STACK_GLOBAL", New(4).Text("posix").Text("system").Raw(0x93).Tuple(call => call.Text(shell)).Op("R").File(), "asks Python to call posix.system");
        yield return ("eval", New().Call("builtins", "eval", call => call.Text(python)).File(), "asks Python to call builtins.eval");
        yield return ("exec of Python 2", New().Call("__builtin__", "exec", call => call.Text(python)).File(), "asks Python to call __builtin__.exec");
        yield return ("subprocess, as __reduce__ writes it", New().Call("subprocess", "check_output", call => call.Op("](").Text("touch").Text(marker).Op("e")).File(), "asks Python to call subprocess.check_output");
        yield return ("getattr", New().Call("builtins", "getattr", call => call.Global("os", "path").Text("system")).Tuple(call => call.Text(shell)).Op("R").File(), "asks Python to call builtins.getattr");
        yield return ("a call of what a call gave", New().Call("collections", "OrderedDict", _ => { }).Tuple(call => call.Text(shell)).Op("R").File(), "asks Python to call a dictionary");
        yield return ("torch.load within", New().Call("torch.storage", "_load_from_bytes", call => call.Op("C").Raw(1, 0)).File(), "asks Python to call torch.storage._load_from_bytes");
        yield return ("a function behind a known one", New().Call("torch._tensor", "_rebuild_from_type_v2", call => call.Global("os", "system").Global("torch", "Tensor").Tuple(inner => inner.Text(shell)).Op("}")).File(), "its pickle calls torch._tensor._rebuild_from_type_v2 with arguments that it does not take");
        yield return ("codec", New().Call("_codecs", "encode", call => call.Text("x").Text("rot13")).File(), "its pickle calls _codecs.encode with arguments that it does not take");
        yield return ("NEWOBJ of Popen", New().Global("subprocess", "Popen").Tuple(call => call.Text(shell)).Raw(0x81).File(), "the model (subprocess.Popen) is of a class whose code is not in the file");
        yield return ("__setstate__ of a foreign class", New().Global("evil", "State").Op(")").Raw(0x81).Op("}(").Text("x").Text(shell).Op("ub").File(), "the model (evil.State) is of a class whose code is not in the file");
        yield return ("NEWOBJ_EX", New(4).Global("subprocess", "Popen").Op(")}").Raw(0x92).File(), "opcode 0x92");
        yield return ("INST", New().Op("(").Text(shell).Op("ios\nsystem\n").File(), "opcode 0x69");
        yield return ("OBJ", New().Op("(").Global("os", "system").Text(shell).Op("o").File(), "opcode 0x6f");
        yield return ("text opcodes of protocol 0", New().Op($"cos\nsystem\n(S'{shell}'\ntR").File(), "opcode 0x53");
        yield return ("extension registry", New().Raw(0x82, 1).File(), "opcode 0x82");
        yield return ("buffers from outside", New(5).Raw(0x97).File(), "opcode 0x97");
        yield return ("persistent id as text", New().Op("Pos.system\n").File(), "opcode 0x50");
        yield return ("a function among the parameters", New().Linear(weight => weight.Global("os", "system")).File(), "has os.system among its tensors");
        yield return ("hooks", New().Linear(attributes: more => more.Text("_forward_pre_hooks").Op("}(").Int(0).Global("os", "system").Op("u")).File(), "has hooks (_forward_pre_hooks)");
        yield return ("a name that moves the cursor", New().Call("os\u001b[2J", "system", _ => { }).File(), "asks Python to call os?[2J.system");
        yield return ("a name of 300 letters", New().Global(new string('a', 300), "b").File(), "names a class by more than 200 letters");
    }

    private static IEnumerable<(string, byte[], string)> Size()
    {
        yield return ("LONG4 of 2 GB", New().Raw(0x8b, 0xff, 0xff, 0xff, 0x7f).File(), "its pickle ends in the middle");
        yield return ("LONG1 of 255 bytes", New().Raw(0x8a, 255).Repeat(255, 0x7f).File(), "holds an integer of more than 64 bits");
        yield return ("BINBYTES8 of 8 EB", New(4).Raw(0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f).File(), "its pickle ends in the middle");
        yield return ("BINBYTES8 of less than nothing", New(4).Raw(0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).File(), "its pickle ends in the middle");
        yield return ("BINUNICODE8 of 1 EB", New(4).Raw(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x10).File(), "its pickle ends in the middle");
        yield return ("BINUNICODE of 4 GB", New().Op("X").Raw(0xff, 0xff, 0xff, 0xff).File(), "its pickle ends in the middle");
        yield return ("text of 5 MB", New().Text(new string('x', 5 * Million)).File(), "holds a text of 5000000 bytes; at most 4194304 are read");
        yield return ("memo number of 4 billion", New().Op("Nr").Raw(0xff, 0xff, 0xff, 0xff).File(), "numbers a value 4294967295 when it has only 0");
        yield return ("memo of nothing", New().Op("j").Raw(0, 0, 0, 1).File(), "refers to a value 16777216 that it does not have");
        yield return ("memo of a million values", New().Op("]").Repeat(3 * Million / 2, 0x94).File(), "more Python objects than any model needs");
        yield return ("a million empty lists", New().Op("(").Repeat(4 * Million, (byte)']').Op("t").File(), "more Python objects than any model needs");
        yield return ("a million dictionaries", New().Op("(").Repeat(4 * Million, (byte)'}').Op("t").File(), "more Python objects than any model needs");
        yield return ("a pickle of 17 MB", New().Repeat(17 << 20, (byte)'N').File(), "holds a pickle of ");
        yield return ("16 million values that are dropped", New().Repeat(8 * Million, (byte)'N', (byte)'0').File(), "holds a pickle of more than 2000000 steps");
        yield return ("dictionaries made of one list", New().Op("]q").Raw(0).Op("(").Repeat(10_000, (byte)']', (byte)'N', (byte)'a', (byte)'N', (byte)'a').Op("e0").Global("collections", "OrderedDict").Op("q").Raw(1).Op("0").Repeat(3000, (byte)'h', 1, (byte)'h', 0, 0x85, (byte)'R').File(), "has a dictionary whose keys are neither texts nor numbers");
        yield return ("big dictionaries made of one list", New().Op("]q").Raw(0).Op("(").Repeat(10_000, (byte)'K', 1, (byte)'N', 0x86).Op("e0").Global("collections", "OrderedDict").Op("q").Raw(1).Op("0").Repeat(3000, (byte)'h', 1, (byte)'h', 0, 0x85, (byte)'R').File(), "more Python objects than any model needs");
        yield return ("keys that collide in a weak hash", Colliding(), "not a model; convert it");
        yield return ("protocol 0", New(0).Op("N").File(), "a pickle of protocol 0; 2 to 5 are read");
        yield return ("protocol 200", New(200).Op("N").File(), "a pickle of protocol 200; 2 to 5 are read");
    }

    private static IEnumerable<(string, byte[], string)> Nesting()
    {
        yield return ("a million marks", New().Repeat(Million, (byte)'(').File(), "nests deeper than 10000 levels");
        yield return ("a million lists in one another", New().Repeat(200_000, (byte)']').Repeat(200_000 - 1, (byte)'a').File(), "not a model; convert it");
        yield return ("a million lists in an attribute", New().Linear(attributes: more => more.Text("deep").Repeat(100_000, (byte)']').Repeat(100_000 - 1, (byte)'a')).File(), "nests deeper than 100 levels");
        yield return ("a million tuples in one another", New().Op(")").Repeat(Million, 0x85).File(), "more Python objects than any model needs");
        yield return ("billion laughs, a thousand levels", New().Linear(attributes: more => Laughs(more.Text("lol"), 1000)).File(), "nests deeper than 100 levels");
        yield return ("modules in one another", New().Repeat(0).Op("").Raw().Nested(500).File(), "nests deeper than 100 levels");
        yield return ("a module inside itself", New().Global("torch.nn.modules.container", "Sequential").Op(")").Raw(0x81).Op("q").Raw(0).Op("}(").Text("_parameters").Op("}").Text("_modules").Op("}").Text("0").Op("h").Raw(0).Op("sub").File(), "is inside itself");
        yield return ("values that are not there", New().Op("R").File(), "takes more values than it has");
        yield return ("values below a mark", New().Op("N(0").File(), "takes more values than it has");
        yield return ("a mark that is not there", New().Op("Nt").File(), "takes more values than it has");
        yield return ("half a dictionary item", New().Op("}(Nu").File(), "has a dictionary key without a value");
        yield return ("items in a number", New().Op("K").Raw(1).Op("Na").File(), "puts items into a number");
        yield return ("keys in a list", New().Op("]NNs").File(), "puts keys into a list");
        yield return ("a state for a number", New().Op("K").Raw(1).Op("}b").File(), "gives a state to a number");
    }

    private static IEnumerable<(string, byte[], string)> References()
    {
        yield return ("persistent id that is a text", New().Text("/etc/passwd").Op("Q").File(), "refers to something beside its pickle that is not a storage of PyTorch");
        yield return ("persistent id of another kind", New().Tuple(id => id.Text("file").Text("/etc/passwd").Op("NNN")).Op("Q").File(), "refers to something beside its pickle");
        yield return ("storage of a foreign type", New().Tuple(id => id.Text("storage").Global("os", "system").Text("0").Text("cpu").Int(1)).Op("Q").File(), "has a storage of the type os.system");
        yield return ("storage of negative length", New().Storage("0", -1).File(), "claims a storage of -1 elements");
        yield return ("storage of 2^62 elements", New().Storage("0", 1L << 62).File(), "claims a storage of 4611686018427387904 elements");
        yield return ("storage that is not there", New().Linear(weight => weight.Tensor("7", 8, 0, [2, 4], [4, 1])).File(), "it has no storage '7'");
        yield return ("storage outside the folder", New().Linear(weight => weight.Tensor("../../etc/passwd", 8, 0, [2, 4], [4, 1])).File(), "it has no storage '../../etc/passwd'");
        yield return ("storage larger than its member", New().Linear(weight => weight.Tensor("0", 9, 0, [2, 4], [4, 1])).File(), "its storage '0' has 64 bytes, but its pickle claims 72");
        yield return ("storage of two lengths", New().Linear(weight => weight.Tensor("1", 8, 0, [2, 4], [4, 1])).File(), "describes the storage '1' in two ways");
    }

    private static IEnumerable<(string, byte[], string)> Tensors()
    {
        (string, byte[], string) Weight(string name, long offset, long[] sizes, long[] strides, string message) =>
            (name, New().Linear(weight => weight.Tensor("0", 8, offset, sizes, strides)).File(), message);

        yield return Weight("beyond the storage", 0, [3, 4], [4, 1], "reaches beyond its storage '0'");
        yield return Weight("strides beyond the storage", 0, [2, 4], [5, 1], "reaches beyond its storage '0'");
        yield return Weight("offset beyond the storage", 1, [2, 4], [4, 1], "reaches beyond its storage '0'");
        yield return Weight("offset before the storage", -1, [2, 4], [4, 1], "has a negative size, stride or offset");
        yield return Weight("negative size", 0, [-2, 4], [4, 1], "has a negative size, stride or offset");
        yield return Weight("negative stride", 4, [2, 4], [-4, 1], "has a negative size, stride or offset");
        yield return Weight("sizes that overflow", 0, [1L << 62, 1L << 62], [0, 0], "is larger than its storage");
        yield return Weight("strides that overflow", 0, [2, 4], [long.MaxValue, long.MaxValue], "is larger than its storage");
        yield return Weight("offset that overflows", long.MaxValue, [2, 4], [4, 1], "is larger than its storage");
        yield return Weight("empty but huge", 0, [0, 1L << 40, 1L << 40], [0, 0, 0], "is larger than its storage");
        yield return Weight("more strides than sizes", 0, [8], [4, 1], "has 1 sizes and 2 strides");
        yield return Weight("sixty-five dimensions", 0, Enumerable.Repeat(1L, 65).ToArray(), Enumerable.Repeat(1L, 65).ToArray(), "has 65 dimensions");
        yield return Weight("one element a billion times", 0, [1000, 1_000_000], [0, 0], "repeat their elements more often than is read");
        yield return ("sizes that are texts", New().Linear(weight => weight.Call("torch._utils", "_rebuild_tensor_v2", call => call.Storage("0", 8).Int(0).Tuple(size => size.Text("2")).Numbers(1).Raw(0x89).Op("}"))).File(), "a size or stride that is no integer");
        yield return ("a boolean of 7", New().Module("torch.nn.modules.linear", "Linear", more => more.Text("weight").Call("torch._utils", "_rebuild_tensor_v2", call => call.Storage("0", 8, "BoolStorage").Int(0).Numbers(8).Numbers(1).Raw(0x89).Op("}"))).With(0, 7), "holds other values than 0 and 1");
        yield return ("an array of objects", New().Linear(attributes: more => more.Text("a").Call("numpy", "dtype", call => call.Text("O8").Raw(0x89, 0x88))).File(), "numpy values of the dtype 'O8', which is not read");
        yield return ("an array longer than its bytes", New().Linear(attributes: more => Array(more.Text("a"), 1L << 30)).File(), "a numpy array is larger than its file");
        yield return ("an array shorter than its bytes", New().Linear(attributes: more => Array(more.Text("a"), 0)).File(), "has another length than its shape says");
    }

    private static IEnumerable<(string, byte[], string)> Modules()
    {
        yield return ("zero groups", New().Module("torch.nn.modules.normalization", "GroupNorm", attributes: more => more.Text("num_groups").Int(0).Text("num_channels").Int(4)).File(), "has an attribute 'num_groups' of 0, below 1");
        yield return ("zero stride", New().Module("torch.nn.modules.pooling", "MaxPool2d", attributes: more => more.Text("kernel_size").Int(2).Text("stride").Int(0)).File(), "has an attribute 'stride' of 0, below 1");
        yield return ("source in an attribute", New().Module("torch.nn.modules.activation", "GELU", attributes: more => more.Text("approximate").Text("none\")\n    torch.save(x")).File(), "approximates in a way that is not known");
        yield return ("eleven thousand modules", New().Module("torch.nn.modules.container", "Sequential", modules: more =>
        {
            for (var i = 0; i < 11_000; i++)
                more.Text($"m{i}").Module("torch.nn.modules.activation", "ReLU");
        }).File(), "holds more than 10000 modules");
        yield return ("a list of modules alone", New().Module("torch.nn.modules.container", "ModuleList").File(), "only holds other modules");
        yield return ("an unknown class deep inside", New().Module("torch.nn.modules.container", "Sequential", modules: more => more.Text("body").Module("torch.nn.modules.container", "Sequential", modules: inner => inner.Text("3").Module("my.layers", "Magic"))).File(), "'body.3' (my.layers.Magic) is of a class whose code is not in the file and that this server does not know; convert it in Python with torch.jit.script(model).save('model.pt')");
    }

    private static IEnumerable<(string, byte[], string)> Zips()
    {
        var linear = New().Linear().Op(".").Bytes;
        yield return ("a pickle that unpacks to 100 MB", TorchFiles.Zip(CompressionLevel.SmallestSize, ("archive/data.pkl", [.. New().Global("torch.nn.modules.linear", "Linear").Bytes, .. new byte[100 * Million]])).ToArray(), "is compressed (data.pkl), which torch.save never does");
        yield return ("weights that unpack", Mixed(linear), "is compressed (data/0), which torch.save never does");
        yield return ("a storage twice", TorchFiles.Zip(("archive/data.pkl", linear), ("archive/data/0", new byte[64]), ("archive/data/0", new byte[64]), ("archive/data/1", new byte[16])).ToArray(), "it has two members data/0");
        yield return ("a pickle twice", TorchFiles.Zip(("archive/data.pkl", linear), ("archive/data.pkl", linear)).ToArray(), "it has two members data.pkl");
        yield return ("two folders", TorchFiles.Zip(("archive/data.pkl", linear), ("other/data/0", new byte[64])).ToArray(), "it has more than one folder");
        yield return ("big-endian", TorchFiles.Zip(("archive/data.pkl", linear), ("archive/byteorder", "big"u8.ToArray())).ToArray(), "was written on a big-endian machine");
        yield return ("storages in one another", Overlapping(), "its storages lie in one another");
    }

    private static byte[] Colliding()
    {
        var pickle = New().Op("}(");
        // The upper half cancels the lower in a hash that only folds 64 bits to 32.
        for (long i = 0; i < 100_000; i++)
            pickle.Int((i << 32) | i).Op("N");
        return pickle.Op("u").File();
    }

    private static PickleWriter Laughs(PickleWriter pickle, int levels)
    {
        pickle.Op("]").Raw(0x94);
        for (var i = 0; i < levels; i++)
        {
            // The list so far, ten times in a new one: protocol 2 has long memo numbers too.
            var number = BitConverter.GetBytes(i);
            pickle.Op("0](");
            for (var j = 0; j < 10; j++)
                pickle.Op("j").Raw(number);
            pickle.Op("e").Raw(0x94);
        }

        return pickle;
    }

    private static PickleWriter Nested(this PickleWriter pickle, int levels)
    {
        if (levels > 0)
            pickle.Module("torch.nn.modules.container", "Sequential", modules: more => more.Text("0").Nested(levels - 1));
        else
            pickle.Op("N");
        return pickle;
    }

    private static PickleWriter Array(PickleWriter pickle, long length) => pickle
        .Call("numpy.core.multiarray", "_reconstruct", call => call.Global("numpy", "ndarray").Numbers(0).Op("C").Raw(1, (byte)'b'))
        .Tuple(state => state.Int(1).Numbers(length).Call("numpy", "dtype", call => call.Text("f8").Raw(0x89, 0x88)).Raw(0x89).Op("C").Raw(8).Repeat(8, 0))
        .Op("b");

    private static byte[] With(this PickleWriter pickle, int index, byte value)
    {
        var storage = new byte[64];
        storage[index] = value;
        return TorchFiles.Zip(("archive/data.pkl", pickle.Op(".").Bytes), ("archive/data/0", storage)).ToArray();
    }

    private static byte[] Mixed(byte[] pickle)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, level) in new[] { ("a/data.pkl", pickle, CompressionLevel.NoCompression), ("a/data/0", new byte[10 * Million], CompressionLevel.Fastest), ("a/data/1", new byte[16], CompressionLevel.NoCompression) })
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    /// <summary>A hundred members that are all the same megabyte of the file.</summary>
    private static byte[] Overlapping()
    {
        const int count = 100;
        const int length = 1 << 20;
        var pickle = New().Module("torch.nn.modules.linear", "Linear", more =>
        {
            for (var i = 0; i < count; i++)
                more.Text($"w{i}").Tensor(i.ToString("D3", null), length / 8, 0, [length / 8], [1]);
        }).Op(".").Bytes;
        var members = new List<(string, byte[])> { ("a/data.pkl", pickle), ("a/data/000", new byte[length]) };
        for (var i = 1; i < count; i++)
            members.Add(($"a/data/{i:D3}", []));
        var file = TorchFiles.Zip([.. members]).ToArray();
        var first = -1;
        for (var at = 0; at < file.Length - 46; at++)
        {
            if (BitConverter.ToUInt32(file, at) != 0x02014b50)
                continue;
            var entry = file.AsSpan(at);
            if (!entry[46..].StartsWith("a/data/"u8))
                continue;
            first = first < 0 ? at : first;
            file.AsSpan(first + 20, 8).CopyTo(entry[20..]);
            file.AsSpan(first + 42, 4).CopyTo(entry[42..]);
        }

        return file;
    }
}

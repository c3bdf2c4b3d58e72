using System.IO.Compression;
using System.Text;

namespace Granary.Serving.Tests.Formats;

/// <summary>Files as torch writes them, made byte by byte.</summary>
internal static class TorchFiles
{
    /// <summary>A zip file with the given members.</summary>
    public static MemoryStream Zip(CompressionLevel level, params (string Name, byte[] Content)[] members)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream;
    }

    public static MemoryStream Zip(params (string Name, byte[] Content)[] members) => Zip(CompressionLevel.NoCompression, members);

    /// <summary>Latin-1 text as bytes, so that a pickle can be written down.</summary>
    public static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    /// <summary>What <c>torch.save(model)</c> writes for a class of the main script.</summary>
    public static byte[] ModulePickle { get; } = Bytes("\u0080\u0002c__main__\nNet\nq\u0000)\u0081q\u0001}q\u0002(X\u0008\u0000\u0000\u0000trainingq\u0003\u0088X\u000b\u0000\u0000\u0000_parametersq\u0004ccollections\nOrderedDict\nq\u0005)Rq\u0006ub.");

    /// <summary>What <c>torch.save(model.state_dict())</c> writes: an OrderedDict of tensors.</summary>
    public static byte[] StateDictPickle { get; } = Bytes("\u0080\u0002ccollections\nOrderedDict\nq\u0000)Rq\u0001(X\u0006\u0000\u0000\u0000weightq\u0002ctorch._utils\n_rebuild_tensor_v2\nq\u0003((X\u0007\u0000\u0000\u0000storageq\u0004ctorch\nFloatStorage\nq\u0005X\u0001\u0000\u0000\u00000q\u0006X\u0003\u0000\u0000\u0000cpuq\u0007K\u0008tq\u0008QK\u0000K\u0001K\u0008\u0086q\tK\u0008K\u0001\u0086q\n\u0089h\u0000)Rq\u000btq\u000cRq\u000du.");

    /// <summary>A bare tensor.</summary>
    public static byte[] TensorPickle { get; } = Bytes("\u0080\u0002ctorch._utils\n_rebuild_tensor_v2\nq\u0000((X\u0007\u0000\u0000\u0000storageq\u0001ctorch\nFloatStorage\nq\u0002X\u0001\u0000\u0000\u00000q\u0003X\u0003\u0000\u0000\u0000cpuq\u0004K\u0001tq\u0005QK\u0000)\u0000\u0089ccollections\nOrderedDict\nq\u0006)Rq\u0007tq\u0008Rq\t.");

    /// <summary>The same state_dict written with protocol 4.</summary>
    public static byte[] StateDictPickle4 { get; } = Bytes("\u0080\u0004\u0095\u0028\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u008c\u000bcollections\u0094\u008c\u000bOrderedDict\u0094\u0093\u0094)R\u0094.");

    /// <summary>A module written with protocol 4.</summary>
    public static byte[] ModulePickle4 { get; } = Bytes("\u0080\u0004\u0095\u0028\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u008c\u0012torch.nn.modules.x\u0094\u008c\u0006Linear\u0094\u0093\u0094)\u0081\u0094.");
}

using System.IO.Compression;
using System.Text;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>One tensor in the form of <c>torch.save(tensor)</c> and <c>torch::pickle_save</c>.</summary>
internal static class TensorPickle
{
    /// <summary>Reads a tensor into pooled memory.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: no tensor, or a damaged one.</exception>
    public static Tensor Read(ReadOnlySpan<byte> file)
    {
        using var stream = new MemoryStream(file.ToArray(), writable: false);
        try
        {
            IPickledFile pickle = LegacyMagic.LengthIn(file) > 0 ? LegacyPickle.Read(stream) : ZipPickle.Read(stream);
            if (pickle.Root is not PickledTensor tensor)
                throw new ServingException(ServingError.InvalidArgument, $"the body holds {PickleFill.NameOf(pickle.Root)}, not a tensor");
            using var reader = new TensorReader(stream, pickle);
            var read = reader.Read(tensor);
            var copy = Tensor.Rent(read.DType, read.Shape);
            read.Bytes.CopyTo(copy.Bytes);
            return copy;
        }
        catch (PickleException refused)
        {
            throw new ServingException(ServingError.InvalidArgument, $"the body {refused.Message}", refused);
        }
    }

    /// <summary>Writes a tensor as a tensor of bytes.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelFailed"/>: its dtype has no storage class.</exception>
    public static Tensor Write(Tensor tensor)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "archive/data.pkl", Pickle(tensor));
            Add(zip, "archive/data/0", tensor.Bytes);
            Add(zip, "archive/version", "3\n"u8);
        }

        return Tensor.From<byte>(DType.UInt8, [stream.Length], stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    private static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> content)
    {
        using var entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
        entry.Write(content);
    }

    // torch._utils._rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict()), in protocol 2 as torch.save has it.
    private static byte[] Pickle(Tensor tensor)
    {
        var text = new StringBuilder("\u0080\u0002ctorch._utils\n_rebuild_tensor_v2\n((");
        AppendText(text, "storage");
        text.Append("ctorch\n").Append(StorageOf(tensor.DType)).Append('\n');
        AppendText(text, "0");
        AppendText(text, "cpu");
        AppendNumber(text, tensor.ElementCount);
        text.Append("tQK\0(");
        foreach (var size in tensor.Shape)
            AppendNumber(text, size);
        text.Append("t(");
        for (var i = 0; i < tensor.Shape.Length; i++)
            AppendNumber(text, Tensor.CountElements(tensor.Shape[(i + 1)..]));
        return Encoding.Latin1.GetBytes(text.Append("t\u0089ccollections\nOrderedDict\n)RtR.").ToString());
    }

    private static void AppendText(StringBuilder text, string ascii) =>
        text.Append('X').Append((char)ascii.Length).Append("\0\0\0").Append(ascii);

    /// <summary>LONG1 of eight bytes.</summary>
    private static void AppendNumber(StringBuilder text, long number)
    {
        text.Append('\u008a').Append((char)8);
        for (var i = 0; i < 8; i++)
            text.Append((char)(byte)(number >> (8 * i)));
    }

    private static string StorageOf(DType dtype) => dtype switch
    {
        DType.Float32 => "FloatStorage",
        DType.Float64 => "DoubleStorage",
        DType.Float16 => "HalfStorage",
        DType.BFloat16 => "BFloat16Storage",
        DType.Int64 => "LongStorage",
        DType.Int32 => "IntStorage",
        DType.Int16 => "ShortStorage",
        DType.Int8 => "CharStorage",
        DType.UInt8 => "ByteStorage",
        DType.Bool => "BoolStorage",
        DType.Complex64 => "ComplexFloatStorage",
        DType.Complex128 => "ComplexDoubleStorage",
        _ => throw new ServingException(ServingError.ModelFailed, $"a tensor of {dtype.TorchName()} cannot be written in torch.save's form"),
    };
}

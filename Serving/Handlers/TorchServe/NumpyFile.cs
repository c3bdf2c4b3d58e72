using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>Reads what <c>numpy.save</c> writes. Source: NumPy's <c>doc/neps/nep-0001-npy-format.rst</c>. Pickled objects are refused.</summary>
internal static partial class NumpyFile
{
    private const int MaxHeaderBytes = 1 << 16;
    private const int MaxRank = 32;

    /// <summary>Whether bytes begin like such a file.</summary>
    public static bool IsOne(ReadOnlySpan<byte> bytes) => bytes is [0x93, ..] && bytes[1..].StartsWith("NUMPY"u8);

    /// <summary>The array as a tensor.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: damaged, or of a kind that tensors are not.</exception>
    public static Tensor Read(ReadOnlySpan<byte> file)
    {
        var (header, data) = Split(file);
        var match = Header().Match(Encoding.Latin1.GetString(header));
        if (!match.Success)
            throw Wrong("its header is not one of a plain array");
        if (match.Groups["order"].Value == "True")
            throw Wrong("it is in Fortran's order; send numpy.ascontiguousarray of it");
        var dtype = TypeOf(match.Groups["descr"].Value);
        var shape = ShapeOf(match.Groups["shape"].Value);
        long bytes;
        try
        {
            bytes = checked(Tensor.CountElements(shape) * dtype.ElementSize());
        }
        catch (OverflowException)
        {
            throw Wrong("its shape is too large");
        }

        if (bytes != data.Length)
            throw Wrong($"its shape needs {bytes:N0} bytes, but {data.Length:N0} follow the header");
        var tensor = Tensor.Rent(dtype, shape);
        data.CopyTo(tensor.Bytes);
        if (dtype == DType.Bool)
            Normalize(tensor.Bytes);
        return tensor;
    }

    private static (byte[] Header, byte[] Data) Split(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || file[6] is < 1 or > 3)
            throw Wrong("it is cut off, or of an unknown version");
        var (start, length) = file[6] == 1
            ? (10, BinaryPrimitives.ReadUInt16LittleEndian(file[8..]))
            : (12, BinaryPrimitives.ReadUInt32LittleEndian(file[8..]));
        if (length > MaxHeaderBytes || length > file.Length - start)
            throw Wrong("its header is cut off");
        var header = (int)length;
        return (file.Slice(start, header).ToArray(), file[(start + header)..].ToArray());
    }

    private static DType TypeOf(string descr) => descr switch
    {
        "<f4" => DType.Float32,
        "<f8" => DType.Float64,
        "<f2" => DType.Float16,
        "<i8" => DType.Int64,
        "<i4" => DType.Int32,
        "<i2" => DType.Int16,
        "|i1" => DType.Int8,
        "|u1" => DType.UInt8,
        "|b1" => DType.Bool,
        "<c8" => DType.Complex64,
        "<c16" => DType.Complex128,
        _ => throw Wrong($"its dtype is {Models.ModelIdText.Quote(descr)}; little-endian integers, floats, complex numbers and booleans are read"),
    };

    private static long[] ShapeOf(string text)
    {
        var sizes = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (sizes.Length > MaxRank)
            throw Wrong($"it has {sizes.Length} dimensions; at most {MaxRank} are read");
        var shape = new long[sizes.Length];
        for (var i = 0; i < shape.Length; i++)
        {
            if (!long.TryParse(sizes[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
                throw Wrong("its shape is not one");
        }

        return shape;
    }

    private static void Normalize(Span<byte> truths)
    {
        foreach (ref var truth in truths)
            truth = truth == 0 ? (byte)0 : (byte)1;
    }

    [GeneratedRegex(@"^\{'descr': '(?<descr>[^']{1,16})', 'fortran_order': (?<order>True|False), 'shape': \((?<shape>[0-9, ]*)\), ?\}\s*$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Header();

    private static ServingException Wrong(string what) => new(ServingError.InvalidArgument, $"the body is a NumPy file, but {what}");
}

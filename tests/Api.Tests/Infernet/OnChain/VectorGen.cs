using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>Random tensors of every dtype and shape, and their elements as texts that other programs write too.</summary>
internal static class VectorGen
{
    /// <summary>dtype numbers of generation 1.0, in order.</summary>
    public static readonly DType[] First =
    [
        DType.Float32, DType.Float64, DType.Complex64, DType.Complex128, DType.Float16, DType.BFloat16,
        DType.UInt8, DType.Int8, DType.Int16, DType.Int32, DType.Int64, DType.Bool,
    ];

    /// <summary>dtype numbers of generation 2.0, in order; float128 and float256 are float64.</summary>
    public static readonly DType[] Second =
    [
        DType.Float16, DType.Float32, DType.Float64, DType.Float64, DType.Float64, DType.Int8, DType.Int16, DType.Int32, DType.Int64,
        DType.UInt8, DType.UInt16, DType.UInt32, DType.UInt64, DType.Complex64, DType.Complex128, DType.Bool,
    ];

    public static readonly DType[] Expressible = [.. First.Concat(Second).Distinct()];

    /// <summary>Up to five sizes, zeros among them, of at most 200 elements.</summary>
    public static readonly Gen<long[]> Shape =
        from rank in Gen.Choose(0, 5)
        from sizes in Gen.Choose(0, 20).Select(size => (long)Math.Min(size % 7, 3)).ArrayOf(rank)
        select sizes;

    /// <summary>A seed decides the bytes; a quarter of the elements are zeros, ones and extremes.</summary>
    public static Tensor Random(DType dtype, long[] shape, int seed)
    {
        var random = new Random(seed);
        var tensor = Tensor.Rent(dtype, shape);
        random.NextBytes(tensor.Bytes);
        var size = dtype.ElementSize();
        for (var i = 0; i < tensor.ElementCount; i++)
        {
            var element = tensor.Bytes.Slice(i * size, size);
            if (random.Next(4) == 0)
                element.Fill(random.Next(3) switch { 0 => 0x00, 1 => 0xFF, _ => 0x80 });
            if (dtype == DType.Bool)
                element[0] &= 1;
        }

        // What binary16 holds exactly too, since generation 1.0 sends it so.
        if (dtype == DType.BFloat16)
        {
            foreach (ref var bits in tensor.As<ushort>())
                bits = (ushort)((bits & 0x807F) | ((113 + (bits >> 7 & 0xFF) % 30) << 7));
        }

        return tensor;
    }

    public static string[] Describe(Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => [.. tensor.As<float>().ToArray().Select(value => Text(value))],
        DType.Float64 => [.. tensor.As<double>().ToArray().Select(value => Text(value))],
        DType.Float16 => [.. tensor.As<Half>().ToArray().Select(value => Text((double)value))],
        DType.BFloat16 => [.. tensor.As<ushort>().ToArray().Select(value => Text(BitConverter.UInt32BitsToSingle((uint)value << 16)))],
        DType.Complex64 => [.. Pairs(tensor.Bytes, 4, bytes => BitConverter.ToSingle(bytes))],
        DType.Complex128 => [.. Pairs(tensor.Bytes, 8, bytes => BitConverter.ToDouble(bytes))],
        DType.Int8 => [.. tensor.As<sbyte>().ToArray().Select(value => $"{value}")],
        DType.Int16 => [.. tensor.As<short>().ToArray().Select(value => $"{value}")],
        DType.Int32 => [.. tensor.As<int>().ToArray().Select(value => $"{value}")],
        DType.Int64 => [.. tensor.As<long>().ToArray().Select(value => $"{value}")],
        DType.UInt8 => [.. tensor.As<byte>().ToArray().Select(value => $"{value}")],
        DType.UInt16 => [.. tensor.As<ushort>().ToArray().Select(value => $"{value}")],
        DType.UInt32 => [.. tensor.As<uint>().ToArray().Select(value => $"{value}")],
        DType.UInt64 => [.. tensor.As<ulong>().ToArray().Select(value => $"{value}")],
        _ => [.. tensor.As<byte>().ToArray().Select(value => value == 0 ? "false" : "true")],
    };

    /// <summary>The texts that another program wrote for elements of a dtype, as <see cref="Describe"/> writes them.</summary>
    public static string[] Normalise(DType dtype, IEnumerable<string> texts) => dtype is DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64 or DType.Complex64 or DType.Complex128
        ? [.. texts.Select(text => string.Join(',', text.Split(',').Select(part => Text(double.Parse(part, CultureInfo.InvariantCulture)))))]
        : [.. texts];

    private static IEnumerable<string> Pairs(Span<byte> bytes, int size, Func<byte[], double> read) =>
        bytes.ToArray().Chunk(2 * size).Select(pair => $"{Text(read(pair[..size]))},{Text(read(pair[size..]))}");

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>A block of elements in the file that tensors look into.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="DType">Element type; null when the tensors say it (<c>UntypedStorage</c>, counted in bytes).</param>
/// <param name="Count">Elements in the block, or bytes.</param>
/// <param name="Offset">Where this block begins in the one in the file, in elements; not 0 only for views in files from before PyTorch 0.4.</param>
/// <param name="ViewCount">Elements of the view.</param>
internal sealed record PickledStorage(string Key, DType? DType, long Count, long Offset, long ViewCount)
{
    /// <summary>Length of the whole block in bytes.</summary>
    public long Bytes => Count * (DType?.ElementSize() ?? 1);

    /// <summary>The element type of a storage class, such as <c>torch.FloatStorage</c>.</summary>
    /// <returns>Whether it is one; the dtype is null for a block of bytes.</returns>
    public static bool TryType(string className, out DType? dtype)
    {
        dtype = className switch
        {
            "torch.FloatStorage" => Torch.DType.Float32,
            "torch.DoubleStorage" => Torch.DType.Float64,
            "torch.HalfStorage" => Torch.DType.Float16,
            "torch.BFloat16Storage" => Torch.DType.BFloat16,
            "torch.LongStorage" => Torch.DType.Int64,
            "torch.IntStorage" => Torch.DType.Int32,
            "torch.ShortStorage" => Torch.DType.Int16,
            "torch.CharStorage" => Torch.DType.Int8,
            "torch.ByteStorage" => Torch.DType.UInt8,
            "torch.BoolStorage" => Torch.DType.Bool,
            "torch.ComplexFloatStorage" => Torch.DType.Complex64,
            "torch.ComplexDoubleStorage" => Torch.DType.Complex128,
            _ => null,
        };
        return dtype is not null || className is "torch.storage.UntypedStorage" or "torch.UntypedStorage" or "torch.storage._UntypedStorage";
    }

    /// <summary>The dtype that a global such as <c>torch.float32</c> names; null when it names none.</summary>
    public static DType? DTypeOf(string global) => global.StartsWith("torch.", StringComparison.Ordinal)
        ? Enum.GetValues<DType>().Cast<DType?>().FirstOrDefault(dtype => dtype!.Value.TorchName() == global[6..])
        : null;
}

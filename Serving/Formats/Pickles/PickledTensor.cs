using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>A tensor as the file describes it; everything it reaches lies inside its storage.</summary>
internal sealed class PickledTensor
{
    private PickledTensor(PickledStorage storage, DType dtype, long offset, long[] sizes, long[] strides)
    {
        Storage = storage;
        DType = dtype;
        Offset = offset;
        Sizes = sizes;
        Strides = strides;
    }

    public PickledStorage Storage { get; }

    public DType DType { get; }

    /// <summary>Of the first element in the whole block, in elements of the dtype.</summary>
    public long Offset { get; }

    public long[] Sizes { get; }

    /// <summary>In elements, one for each size.</summary>
    public long[] Strides { get; }

    /// <summary>Whether the elements lie row after row without gaps.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (var i = Sizes.Length - 1; i >= 0; i--)
            {
                if (Sizes[i] != 1 && Strides[i] != expected)
                    return false;
                expected *= Sizes[i];
            }

            return true;
        }
    }

    /// <summary>Checks a tensor against its storage.</summary>
    /// <exception cref="PickleException">It reaches outside, or its shape makes no sense.</exception>
    public static PickledTensor Create(PickledStorage storage, DType dtype, long offset, long[] sizes, long[] strides)
    {
        if (sizes.Length != strides.Length || sizes.Length > PickleLimits.Rank)
            throw PickleException.Damaged($"a tensor has {sizes.Length} sizes and {strides.Length} strides");
        if (offset < 0 || sizes.Any(size => size < 0) || strides.Any(stride => stride < 0))
            throw PickleException.Damaged("a tensor has a negative size, stride or offset");
        Int128 elements = 1, last = offset;
        for (var i = 0; i < sizes.Length; i++)
        {
            // Neither can overflow: each factor has 63 bits, and what grows beyond any file stops here, in empty tensors too.
            elements *= Math.Max(sizes[i], 1);
            last += (Int128)Math.Max(sizes[i] - 1, 0) * strides[i];
            if (elements > long.MaxValue || last > long.MaxValue)
                throw PickleException.Damaged("a tensor is larger than its storage");
        }

        if (sizes.Contains(0))
            elements = 0;

        var size = dtype.ElementSize();
        var view = (Int128)storage.ViewCount * (storage.DType?.ElementSize() ?? 1);
        if (elements > 0 && (last + 1) * size > view)
            throw PickleException.Damaged($"a tensor reaches beyond its storage '{PrintableText.Of(storage.Key, 40)}'");
        return new PickledTensor(storage, dtype, elements == 0 ? 0 : offset + storage.Offset, sizes, strides);
    }
}

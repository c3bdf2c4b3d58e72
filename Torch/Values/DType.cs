namespace Granary.Torch;

/// <summary>Element type of a tensor. The numbers are those of <c>c10::ScalarType</c>, so they cross the native seam as they are.</summary>
public enum DType : byte
{
    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 0,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 1,

    /// <summary>Signed 16-bit integer (<c>torch.short</c>).</summary>
    Int16 = 2,

    /// <summary>Signed 32-bit integer (<c>torch.int</c>).</summary>
    Int32 = 3,

    /// <summary>Signed 64-bit integer (<c>torch.long</c>).</summary>
    Int64 = 4,

    /// <summary>IEEE 754 binary16 (<c>torch.half</c>).</summary>
    Float16 = 5,

    /// <summary>IEEE 754 binary32 (<c>torch.float</c>).</summary>
    Float32 = 6,

    /// <summary>IEEE 754 binary64 (<c>torch.double</c>).</summary>
    Float64 = 7,

    /// <summary>Two binary16 values, real then imaginary (<c>torch.chalf</c>).</summary>
    Complex32 = 8,

    /// <summary>Two binary32 values, real then imaginary (<c>torch.cfloat</c>).</summary>
    Complex64 = 9,

    /// <summary>Two binary64 values, real then imaginary (<c>torch.cdouble</c>).</summary>
    Complex128 = 10,

    /// <summary>One byte a value, 0 or 1.</summary>
    Bool = 11,

    /// <summary>The upper 16 bits of a binary32 (<c>torch.bfloat16</c>).</summary>
    BFloat16 = 15,

    /// <summary>8-bit float, 5 exponent bits; needs libtorch 2.1 or newer.</summary>
    Float8E5M2 = 23,

    /// <summary>8-bit float, 4 exponent bits, no infinities; needs libtorch 2.1 or newer.</summary>
    Float8E4M3Fn = 24,

    /// <summary>Unsigned 16-bit integer; needs libtorch 2.3 or newer.</summary>
    UInt16 = 27,

    /// <summary>Unsigned 32-bit integer; needs libtorch 2.3 or newer.</summary>
    UInt32 = 28,

    /// <summary>Unsigned 64-bit integer; needs libtorch 2.3 or newer.</summary>
    UInt64 = 29,
}

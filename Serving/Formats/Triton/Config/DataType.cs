namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Element type of an input or output; <c>TYPE_FP32</c> and so on in a configuration.</summary>
[ProtoEnum("TYPE_")]
public enum DataType
{
    /// <summary>Not given.</summary>
    Invalid = 0,

    /// <summary>One byte, 0 or 1.</summary>
    Bool = 1,

    /// <summary>Unsigned, 8 bits.</summary>
    Uint8 = 2,

    /// <summary>Unsigned, 16 bits.</summary>
    Uint16 = 3,

    /// <summary>Unsigned, 32 bits.</summary>
    Uint32 = 4,

    /// <summary>Unsigned, 64 bits.</summary>
    Uint64 = 5,

    /// <summary>Signed, 8 bits.</summary>
    Int8 = 6,

    /// <summary>Signed, 16 bits.</summary>
    Int16 = 7,

    /// <summary>Signed, 32 bits.</summary>
    Int32 = 8,

    /// <summary>Signed, 64 bits.</summary>
    Int64 = 9,

    /// <summary>IEEE 754 binary16.</summary>
    Fp16 = 10,

    /// <summary>IEEE 754 binary32.</summary>
    Fp32 = 11,

    /// <summary>IEEE 754 binary64.</summary>
    Fp64 = 12,

    /// <summary>Bytes of any length; <c>BYTES</c> in requests.</summary>
    String = 13,

    /// <summary>The upper 16 bits of a binary32.</summary>
    Bf16 = 14,
}

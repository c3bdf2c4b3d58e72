namespace Granary.Bench.Micro;

/// <summary>How the values of a body were printed.</summary>
internal enum Printed
{
    /// <summary>Random binary64: 16 to 18 digits.</summary>
    Double,

    /// <summary>Random binary32 widened to binary64, as Python prints a float32 tensor: 16 to 18 digits.</summary>
    WidenedSingle,

    /// <summary>The shortest digits of random binary32: 7 to 9.</summary>
    ShortSingle,
}

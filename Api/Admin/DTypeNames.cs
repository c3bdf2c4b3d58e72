using System.Collections.Frozen;
using Granary.Torch;

namespace Granary.Api.Admin;

/// <summary>The names under which an operator may write a dtype: PyTorch's, with its aliases.</summary>
internal static class DTypeNames
{
    private static readonly FrozenDictionary<string, DType> ByName = Create();

    /// <summary>Every canonical name, for messages.</summary>
    public static string All { get; } = string.Join(", ", Enum.GetValues<DType>().Select(dtype => dtype.TorchName()));

    /// <summary>Finds a dtype by name.</summary>
    public static bool TryParse(string name, out DType dtype) => ByName.TryGetValue(name, out dtype);

    private static FrozenDictionary<string, DType> Create()
    {
        Dictionary<string, DType> names = Enum.GetValues<DType>().ToDictionary(dtype => dtype.TorchName());
        names["half"] = DType.Float16;
        names["float"] = DType.Float32;
        names["double"] = DType.Float64;
        names["short"] = DType.Int16;
        names["int"] = DType.Int32;
        names["long"] = DType.Int64;
        names["cfloat"] = DType.Complex64;
        names["cdouble"] = DType.Complex128;
        return names.ToFrozenDictionary();
    }
}

namespace Granary.Serving.Formats.Pickles;

/// <summary>What a pickle may cost, whatever it says. A model of a thousand layers takes a tenth of each.</summary>
internal static class PickleLimits
{
    /// <summary>Length of one pickle; the weights are not in it.</summary>
    public const int PickleBytes = 16 << 20;

    /// <summary>Memory of all objects that one file makes, as <see cref="PickleBudget"/> estimates it.</summary>
    public const int ObjectBytes = 24 << 20;

    /// <summary>Opcodes of one pickle; a thousand decision trees take 600,000.</summary>
    public const int Opcodes = 2_000_000;

    /// <summary>Objects that are being built at the same time, one in the other.</summary>
    public const int OpenMarks = 10_000;

    /// <summary>Containers and modules in one another.</summary>
    public const int Depth = 100;

    /// <summary>Modules of one model; a boosting of a thousand trees has 3,000.</summary>
    public const int Modules = 10_000;

    /// <summary>Dimensions of a tensor.</summary>
    public const int Rank = 64;

    /// <summary>Length of a text.</summary>
    public const int TextBytes = 4 << 20;

    /// <summary>Length of the name of a class, and of its Python module.</summary>
    public const int NameLength = 200;

    /// <summary>Members of a zip file.</summary>
    public const int Members = 100_000;

    /// <summary>Bytes that tensors with unusual strides may take beyond those of the storages in the file.</summary>
    public const long StridedBytes = 64L << 20;
}

namespace Granary.Grains.Interfaces.Contracts;

/// <summary>What one silo says of itself every few seconds and whenever a model comes or goes.</summary>
[GenerateSerializer, Immutable, Alias("granary.SiloReport")]
public sealed record SiloReport
{
    /// <summary>The silo's address in its parsable form.</summary>
    [Id(0)]
    public required string Silo { get; init; }

    /// <summary>The silo's name, for people.</summary>
    [Id(1)]
    public required string Name { get; init; }

    /// <summary><c>cuda</c> or <c>none</c>.</summary>
    [Id(2)]
    public required string Accelerator { get; init; }

    /// <summary>Memory that models may still take, in bytes.</summary>
    [Id(3)]
    public long FreeMemoryBytes { get; init; }

    /// <summary>The same on the GPU with most of it; 0 without one.</summary>
    [Id(4)]
    public long FreeAcceleratorBytes { get; init; }

    /// <summary>False while it drains or is saturated: nothing new is placed there.</summary>
    [Id(5)]
    public bool Accepting { get; init; }

    /// <summary>The models in its memory, those still loading included.</summary>
    [Id(6)]
    public ResidentModel[] Models { get; init; } = [];

    /// <summary>SHA-256 of the weights files on its disk, lower-case hex.</summary>
    [Id(7)]
    public string[] Files { get; init; } = [];

    /// <summary>Grows with every report of this silo, so that a reader can tell news from repetition without trusting clocks.</summary>
    [Id(8)]
    public long Sequence { get; init; }
}

/// <summary>A model in a silo's memory.</summary>
/// <param name="GrainKey">The grain key, replica included.</param>
/// <param name="Bytes">What it takes on its device; 0 while it loads.</param>
/// <param name="OnAccelerator">Whether its grain is a GPU grain.</param>
[GenerateSerializer, Immutable, Alias("granary.ResidentModel")]
public readonly record struct ResidentModel([property: Id(0)] string GrainKey, [property: Id(1)] long Bytes, [property: Id(2)] bool OnAccelerator);

/// <summary>The reports of all silos.</summary>
[GenerateSerializer, Immutable, Alias("granary.SiloBoard")]
public sealed record SiloBoard
{
    /// <summary>One report a silo, sorted by address.</summary>
    [Id(0)]
    public SiloReport[] Silos { get; init; } = [];
}

/// <summary>A piece of a weights file.</summary>
[GenerateSerializer, Immutable, Alias("granary.WeightsPiece")]
public sealed record WeightsPiece
{
    /// <summary>The bytes; empty at the end of the file.</summary>
    [Id(0)]
    public required byte[] Bytes { get; init; }

    /// <summary>Length of the whole file in bytes.</summary>
    [Id(1)]
    public long FileLength { get; init; }
}

using System.Numerics;

namespace Granary.Torch;

/// <summary>TorchScript <c>None</c>.</summary>
public sealed class NoneValue : Value
{
    /// <summary>The only instance.</summary>
    public static readonly NoneValue Instance = new();

    private NoneValue()
    {
    }

    /// <inheritdoc/>
    public override string Kind => "None";
}

/// <summary>TorchScript <c>int</c>: 64 bits, signed.</summary>
public sealed class IntValue(long value) : Value
{
    /// <summary>The number.</summary>
    public long Number { get; } = value;

    /// <inheritdoc/>
    public override string Kind => "int";
}

/// <summary>TorchScript <c>float</c>: IEEE 754 binary64.</summary>
public sealed class DoubleValue(double value) : Value
{
    /// <summary>The number.</summary>
    public double Number { get; } = value;

    /// <inheritdoc/>
    public override string Kind => "float";
}

/// <summary>TorchScript <c>complex</c>: two binary64.</summary>
public sealed class ComplexValue(Complex value) : Value
{
    /// <summary>The number.</summary>
    public Complex Number { get; } = value;

    /// <inheritdoc/>
    public override string Kind => "complex";
}

/// <summary>TorchScript <c>bool</c>.</summary>
public sealed class BoolValue(bool value) : Value
{
    /// <summary>The truth value.</summary>
    public bool Truth { get; } = value;

    /// <inheritdoc/>
    public override string Kind => "bool";
}

/// <summary>TorchScript <c>str</c>.</summary>
public sealed class StringValue(string value) : Value
{
    /// <summary>The text; it crosses the native seam as UTF-8.</summary>
    public string Text { get; } = value;

    /// <inheritdoc/>
    public override string Kind => "str";
}

namespace Granary.Torch;

/// <summary>One argument of a call: by position when <paramref name="Name"/> is null, else by name.</summary>
/// <param name="Name">The Python name, or null.</param>
/// <param name="Value">The value; the callee does not dispose it.</param>
public readonly record struct Argument(string? Name, Value Value);

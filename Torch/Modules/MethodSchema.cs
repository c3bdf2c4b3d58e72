namespace Granary.Torch;

/// <summary>One argument of a method.</summary>
/// <param name="Name">The Python name.</param>
/// <param name="Type">The TorchScript type as annotated, such as <c>Dict[str, Tensor]</c>.</param>
/// <param name="HasDefault">Whether a call may leave it out.</param>
/// <param name="Default">The default printed as Python would; null when there is none.</param>
public sealed record ArgumentSchema(string Name, string Type, bool HasDefault, string? Default);

/// <summary>The signature of one method of a module, without <c>self</c>.</summary>
/// <param name="Name">Such as <c>forward</c>.</param>
/// <param name="Arguments">In order.</param>
/// <param name="ReturnType">The TorchScript type of the result.</param>
public sealed record MethodSchema(string Name, IReadOnlyList<ArgumentSchema> Arguments, string ReturnType)
{
    /// <summary>The named tuples that arguments of the module's methods hold, at any depth; those of other methods may be among them.</summary>
    public IReadOnlyList<NamedTupleSchema> NamedTuples { get; init; } = [];
}

/// <summary>A TorchScript <c>NamedTuple</c>.</summary>
/// <param name="Name">The class name without its module, as types print it.</param>
/// <param name="Fields">In order; those with a default may be left out.</param>
public sealed record NamedTupleSchema(string Name, IReadOnlyList<ArgumentSchema> Fields);

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
public sealed record MethodSchema(string Name, IReadOnlyList<ArgumentSchema> Arguments, string ReturnType);

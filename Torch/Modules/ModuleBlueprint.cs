namespace Granary.Torch;

/// <summary>
/// What a module is to be made of: tensors, plain attributes, submodules and TorchScript source for its methods. One blueprint that stands
/// in several places becomes one module that is shared. See <see cref="ScriptModule.Build"/>.
/// </summary>
/// <remarks>Names are identifiers of letters, digits and underscores, at most 100 characters, and each stands for one thing.</remarks>
public sealed class ModuleBlueprint
{
    /// <summary>The TorchScript class name, for messages, such as <c>Linear</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The methods: <c>def forward(self, x: Tensor) -> Tensor:</c> and so on, each from the first column. They may use <c>torch.*</c>,
    /// <c>self.weight</c> and <c>self.child.method(x)</c> for the methods that <see cref="Modules"/> define. It must not hold text from a file.
    /// </summary>
    public required string Source { get; init; }

    /// <summary>Learnt tensors; read only during <see cref="ScriptModule.Build"/>, not disposed.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Parameters { get; init; } = [];

    /// <summary>Other tensors; read only during <see cref="ScriptModule.Build"/>, not disposed.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Buffers { get; init; } = [];

    /// <summary>
    /// Plain data that the methods read as <c>self.name</c>: integers, floats, booleans, strings and lists of one of these; an empty list
    /// is one of integers. They become constants when the module is frozen.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, Value>> Attributes { get; init; } = [];

    /// <summary>Submodules in order.</summary>
    public IReadOnlyList<KeyValuePair<string, ModuleBlueprint>> Modules { get; init; } = [];
}

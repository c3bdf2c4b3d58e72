using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>A <c>torch.nn.Module</c> as a pickle describes it: its class by name and its state as plain data.</summary>
/// <remarks>The tensors belong to the <see cref="TensorReader"/>; a module that stands in several places is one object.</remarks>
internal sealed class PickledModule
{
    /// <summary>The full class name, such as <c>torch.nn.modules.linear.Linear</c>. Printable and short.</summary>
    public required string ClassName { get; init; }

    /// <summary>Where in the model, such as <c>layers.0</c>; empty for the root. For messages.</summary>
    public required string Path { get; init; }

    /// <summary>Parameters, contiguous; null where Python has <c>None</c> (a layer without bias).</summary>
    public IReadOnlyDictionary<string, Tensor?> Parameters { get; init; } = new Dictionary<string, Tensor?>();

    /// <summary>Buffers, contiguous; null where Python has <c>None</c>.</summary>
    public IReadOnlyDictionary<string, Tensor?> Buffers { get; init; } = new Dictionary<string, Tensor?>();

    /// <summary>Submodules in the order of the file; null where Python has <c>None</c>.</summary>
    public IReadOnlyDictionary<string, PickledModule?> Modules { get; init; } = new OrderedDictionary<string, PickledModule?>();

    /// <summary>
    /// Everything else: <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="string"/>, null, <see cref="Tensor"/>,
    /// <c>List&lt;object?&gt;</c>, <c>object?[]</c> (a tuple), <see cref="PickledDict"/>, <see cref="PickledModule"/> for
    /// a module that stands elsewhere than among the submodules, and <see cref="PickledGlobal"/>.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Attributes { get; init; } = new Dictionary<string, object?>();

    /// <summary>The class name without its Python module, such as <c>Linear</c>.</summary>
    public string ShortName => ClassName[(ClassName.LastIndexOf('.') + 1)..];

    /// <summary>For messages: <c>'layers.0' (torch.nn.modules.linear.Linear)</c>.</summary>
    public string Label => Path.Length == 0 ? $"the model ({ClassName})" : $"'{Path}' ({ClassName})";

    /// <summary>What to throw when this module cannot be mapped; <paramref name="what"/> completes "'layers.0' (class) …".</summary>
    public PickleException Refuse(string what) => PickleException.Refused($"cannot be read without Python: {Label} {what}");

    /// <summary>A parameter that must be there.</summary>
    /// <exception cref="PickleException">It is missing or <c>None</c>.</exception>
    public Tensor Parameter(string name) => Parameters.GetValueOrDefault(name) ?? throw Refuse($"has no parameter '{name}'");

    /// <summary>A buffer that must be there.</summary>
    /// <exception cref="PickleException">It is missing or <c>None</c>.</exception>
    public Tensor Buffer(string name) => Buffers.GetValueOrDefault(name) ?? throw Refuse($"has no buffer '{name}'");

    /// <summary>A submodule that must be there.</summary>
    /// <exception cref="PickleException">It is missing or <c>None</c>.</exception>
    public PickledModule Module(string name) => Modules.GetValueOrDefault(name) ?? throw Refuse($"has no submodule '{name}'");

    /// <summary>An integer attribute.</summary>
    /// <param name="name">The Python name.</param>
    /// <param name="fallback">Its value where the file, written by another version, has none; null: it must be there.</param>
    /// <exception cref="PickleException">It is missing or of another type; so for every reader below.</exception>
    public long Integer(string name, long? fallback = null) => Read(name, fallback) is long number ? number : throw Mistyped(name, "an integer");

    /// <summary>A number attribute; an integer counts.</summary>
    public double Number(string name, double? fallback = null) => Read(name, fallback) switch
    {
        double number => number,
        long number => number,
        _ => throw Mistyped(name, "a number"),
    };

    /// <summary>A boolean attribute.</summary>
    public bool Flag(string name, bool? fallback = null) => Read(name, fallback) is bool flag ? flag : throw Mistyped(name, "a boolean");

    /// <summary>A string attribute.</summary>
    public string Text(string name, string? fallback = null) => Read(name, fallback) is string text ? text : throw Mistyped(name, "a text");

    /// <summary>A list or tuple of integers.</summary>
    public long[] Integers(string name)
    {
        var items = Items(name);
        var numbers = new long[items.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = items[i] is long number ? number : throw Mistyped(name, "a list of integers");
        return numbers;
    }

    /// <summary>A list or tuple of anything.</summary>
    public IReadOnlyList<object?> Items(string name) => Read(name, null) switch
    {
        List<object?> list => list,
        object?[] tuple => tuple,
        _ => throw Mistyped(name, "a list"),
    };

    private object? Read(string name, object? fallback)
    {
        if (Attributes.TryGetValue(name, out var value))
            return value;
        return fallback ?? throw Refuse($"has no attribute '{name}'");
    }

    private PickleException Mistyped(string name, string expected) => Refuse($"has an attribute '{name}' that is not {expected}");
}

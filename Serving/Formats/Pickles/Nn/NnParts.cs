using System.Globalization;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>What most mappings of <c>torch.nn</c> share. Only numbers that were checked get into the source.</summary>
internal static class NnParts
{
    /// <summary>A module that computes one expression of <c>x</c>.</summary>
    public static ModuleBlueprint Expression(PickledModule module, string expression, params IReadOnlyList<KeyValuePair<string, Value>> attributes) =>
        Expression(module, expression, [], attributes);

    /// <summary>A module that computes one expression of <c>x</c> with its tensors, where it has them.</summary>
    public static ModuleBlueprint Expression(PickledModule module, string expression, IReadOnlyList<string> tensors, params IReadOnlyList<KeyValuePair<string, Value>> attributes) => new()
    {
        Name = module.ShortName,
        Parameters = Present(module.Parameters, tensors),
        Buffers = Present(module.Buffers, tensors),
        Attributes = attributes,
        Source = $"def forward(self, x: Tensor) -> Tensor:\n    return {expression}\n",
    };

    /// <summary>Those of the named tensors that are not <c>None</c>.</summary>
    public static List<KeyValuePair<string, Tensor>> Present(IReadOnlyDictionary<string, Tensor?> tensors, IReadOnlyList<string> names)
    {
        var found = new List<KeyValuePair<string, Tensor>>();
        foreach (var name in names)
        {
            if (tensors.GetValueOrDefault(name) is { } tensor)
                found.Add(new(name, tensor));
        }

        return found;
    }

    /// <summary><c>self.bias</c>, or <c>None</c> for a module without.</summary>
    public static string Optional(PickledModule module, string tensor) =>
        (module.Parameters.GetValueOrDefault(tensor) ?? module.Buffers.GetValueOrDefault(tensor)) is null ? "None" : "self." + tensor;

    /// <summary>A float attribute under its own name; floats never go through text.</summary>
    public static KeyValuePair<string, Value> Number(PickledModule module, string name, double fallback) => new(name, new DoubleValue(module.Number(name, fallback)));

    /// <summary>An integer as source.</summary>
    public static string Of(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A truth value as source.</summary>
    public static string Of(bool flag) => flag ? "True" : "False";

    /// <summary>A list as source.</summary>
    public static string Of(long[] numbers) => $"[{string.Join(", ", numbers.Select(Of))}]";

    /// <summary>An attribute that is one number for every dimension, or a list of them.</summary>
    /// <param name="module">The module.</param>
    /// <param name="name">The attribute.</param>
    /// <param name="dimensions">How many numbers to give.</param>
    /// <param name="least">The smallest that makes sense.</param>
    /// <param name="fallback">Where the file has none.</param>
    public static long[] Sizes(PickledModule module, string name, int dimensions, long least, long? fallback = null)
    {
        var isList = module.Attributes.GetValueOrDefault(name) is List<object?> or object?[];
        var sizes = isList
            ? module.Integers(name)
            : Enumerable.Repeat(module.Integer(name, fallback), dimensions).ToArray();
        if (sizes.Length == 1)
            sizes = Enumerable.Repeat(sizes[0], dimensions).ToArray();
        if (sizes.Length != dimensions)
            throw module.Refuse($"has an attribute '{name}' of {sizes.Length} numbers instead of {dimensions}");
        foreach (var size in sizes)
        {
            if (size < least)
                throw module.Refuse($"has an attribute '{name}' of {size}, below {least}");
        }

        return sizes;
    }

    /// <summary>An integer attribute that must not be below a bound.</summary>
    public static long AtLeast(PickledModule module, string name, long least, long? fallback = null) => Sizes(module, name, 1, least, fallback)[0];

    /// <summary>How many dimensions a class is for: the digit in its name.</summary>
    public static int Dimensions(PickledModule module) => module.ShortName.First(char.IsAsciiDigit) - '0';
}

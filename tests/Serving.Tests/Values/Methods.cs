using Granary.Serving.Json;
using Granary.Serving.Models;
using Granary.Serving.Values;
using Granary.Torch;
using Granary.Torch.Tests.Support;

namespace Granary.Serving.Tests.Values;

/// <summary>Signatures and what the reader makes of a text for them.</summary>
internal static class Methods
{
    private static readonly NamedTupleSchema[] Tuples =
    [
        new("Point", [new ArgumentSchema("x", "float", false, null), new ArgumentSchema("y", "float", true, "0.0")]),
        new("Box", [new ArgumentSchema("low", "Point", false, null), new ArgumentSchema("high", "Optional[Point]", true, "None")]),
    ];

    /// <summary>A <c>forward</c> of arguments such as <c>x: Tensor</c> or <c>n: int = 3</c>.</summary>
    public static MethodSchema Forward(params string[] arguments) =>
        new("forward", [.. arguments.Select(Argument)], "Tensor") { NamedTuples = Tuples };

    /// <summary>What a text is for one argument of a type.</summary>
    public static string Read(string type, string json, params TensorSpec[] inputs) => ReadAll(json, new Signature(Forward($"a: {type}"), inputs));

    /// <summary>What a text is for a method.</summary>
    public static string ReadAll(string json, Signature signature, IMarkedValues? marked = null)
    {
        var reader = new ValueReader(new JsonCursor(System.Text.Encoding.UTF8.GetBytes(json)), signature, marked);
        var arguments = reader.ReadArguments();
        reader.End();
        var text = string.Join(" ", arguments.Select(argument => (argument.Name is null ? "" : argument.Name + "=") + Show.Of(argument.Value)));
        foreach (var argument in arguments)
            argument.Value.Dispose();
        return text;
    }

    private static ArgumentSchema Argument(string text)
    {
        var colon = text.IndexOf(':');
        var equals = text.IndexOf(" = ", StringComparison.Ordinal);
        var type = (equals < 0 ? text[(colon + 1)..] : text[(colon + 1)..equals]).Trim();
        return new ArgumentSchema(text[..colon], type, equals >= 0, equals < 0 ? null : text[(equals + 3)..]);
    }
}

using System.Runtime.InteropServices;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>Sees a list of arguments as a span without copying where the list allows it.</summary>
internal static class ArgumentSpans
{
    public static ReadOnlySpan<Argument> AsSpan(this IReadOnlyList<Argument> arguments) => arguments switch
    {
        Argument[] array => array,
        List<Argument> list => CollectionsMarshal.AsSpan(list),
        _ => Copy(arguments),
    };

    private static Argument[] Copy(IReadOnlyList<Argument> arguments)
    {
        var copy = new Argument[arguments.Count];
        for (var i = 0; i < copy.Length; i++)
            copy[i] = arguments[i];
        return copy;
    }
}

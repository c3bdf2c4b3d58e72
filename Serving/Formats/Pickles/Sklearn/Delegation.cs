using System.Text;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>Methods that hand a call on to a submodule.</summary>
internal static class Delegation
{
    /// <summary>Those of <paramref name="methods"/> that the submodule has; what they return is theirs, a tensor or a list.</summary>
    public static string Source(ModuleBlueprint target, string name, string input, params ReadOnlySpan<string> methods)
    {
        var source = new StringBuilder();
        foreach (var method in methods)
        {
            if (Methods.Has(target, method))
            {
                source.Append($"""


                    def {method}(self, x: Tensor):
                        return self.{name}.{method}({input})
                    """);
            }
        }

        return source.ToString();
    }
}

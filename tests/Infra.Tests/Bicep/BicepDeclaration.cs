namespace Granary.Infra.Tests.Bicep;

/// <summary>One statement: a param, var, resource, module, output or type.</summary>
/// <param name="Keyword">What it begins with.</param>
/// <param name="Name">Its symbol.</param>
/// <param name="Reference">Resource type or module path.</param>
/// <param name="Type">Type of a param or output; text without a space.</param>
/// <param name="Value">Default, value or body.</param>
/// <param name="Decorators">Decorators, without the @.</param>
internal sealed record BicepDeclaration(
    string Keyword,
    string Name,
    string? Reference,
    BicepNode? Type,
    BicepNode? Value,
    IReadOnlyList<BicepNode> Decorators)
{
    /// <summary>Whether the resource exists already.</summary>
    public bool Existing { get; init; }

    /// <summary>The arguments of a decorator; null when it is absent.</summary>
    public IReadOnlyList<BicepNode>? Decorator(string name) =>
        Decorators.OfType<BicepCall>().FirstOrDefault(call => call.Function == name)?.Arguments;

    /// <summary>The object between the braces, whether it is conditional, looped or neither.</summary>
    public BicepObject Body
    {
        get
        {
            var node = Value;
            while (true)
            {
                switch (node)
                {
                    case BicepObject body:
                        return body;
                    case BicepLoop loop:
                        node = loop.Body;
                        break;
                    case BicepCondition condition:
                        node = condition.Body;
                        break;
                    default:
                        throw new FormatException($"{Keyword} {Name} has no body");
                }
            }
        }
    }
}

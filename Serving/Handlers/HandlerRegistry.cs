using Granary.Serving.Handlers.Images;
using Granary.Serving.Models;

namespace Granary.Serving.Handlers;

/// <summary>The handlers by name.</summary>
internal static class HandlerRegistry
{
    private const int MaxHandlers = 16;
    private const int MaxParameters = 32;
    private const int MaxParameterLength = 1 << 16;

    private static readonly Dictionary<string, Func<HandlerParameters, ModelDefinition, IHandler?>> Factories = new(StringComparer.Ordinal)
    {
        ["image"] = static (parameters, _) => new ImageHandler(ImageOptions.Read(parameters)),
        ["softmax"] = static (_, _) => new SoftmaxHandler(),
        ["top-classes"] = TopClassesHandler.Create,
        // Speaks to front ends only; see HandlerNames.
        [HandlerNames.V2Reply] = static (_, _) => null,
    };

    /// <summary>What is wrong with the chain of a definition, one sentence each.</summary>
    public static void Check(ModelDefinition definition, List<string> faults) => Create(definition, faults);

    /// <summary>The handlers of a definition in its order, those that do nothing left out.</summary>
    /// <param name="definition">Its chain.</param>
    /// <param name="faults">Gets a sentence for each mistake; the handlers are of use only when there is none.</param>
    public static List<IHandler> Create(ModelDefinition definition, List<string> faults)
    {
        var handlers = new List<IHandler>();
        if (definition.Handlers.Count > MaxHandlers)
        {
            faults.Add($"Handlers has {definition.Handlers.Count} entries; at most {MaxHandlers} are allowed");
            return handlers;
        }

        foreach (var spec in definition.Handlers)
        {
            if (!Factories.TryGetValue(spec.Name, out var create))
            {
                faults.Add($"there is no handler {ModelIdText.Quote(spec.Name)}; there are {string.Join(", ", Factories.Keys)}");
            }
            else if (spec.Parameters.Count > MaxParameters || spec.Parameters.Any(static pair => pair.Value.Length > MaxParameterLength))
            {
                faults.Add($"handler '{spec.Name}' has more than {MaxParameters} parameters or one of more than {MaxParameterLength:N0} characters");
            }
            else
            {
                var parameters = new HandlerParameters(spec, faults);
                if (create(parameters, definition) is { } handler)
                    handlers.Add(handler);
                parameters.RefuseUnknown();
            }
        }

        return handlers;
    }
}

using Granary.Serving.Handlers.Images;
using Granary.Serving.Handlers.Persia;
using Granary.Serving.Handlers.Texts;
using Granary.Serving.Handlers.TorchServe;
using Granary.Serving.Models;

namespace Granary.Serving.Handlers;

/// <summary>The handlers by name.</summary>
internal static class HandlerRegistry
{
    private const int MaxHandlers = 16;
    private const int MaxParameters = 32;
    private const int MaxParameterLength = 1 << 20;

    private static readonly Dictionary<string, Func<HandlerParameters, HandlerContext, IHandler?>> Factories = new(StringComparer.Ordinal)
    {
        ["image"] = static (parameters, _) => new ImageHandler(ImageOptions.Read(parameters)),
        ["softmax"] = static (_, _) => new SoftmaxHandler(),
        ["top-classes"] = static (parameters, context) => TopClassesHandler.Create(parameters, context.Definition),
        [HandlerNames.TorchServeBase] = static (_, context) => new BaseHandler(context),
        [HandlerNames.TorchServePickle] = static (_, _) => new PickleHandler(),
        [HandlerNames.ImageClassifier] = static (parameters, _) => new ImageClassifier(parameters),
        [HandlerNames.ImageSegmenter] = static (parameters, _) => new ImageSegmenter(parameters),
        [HandlerNames.ObjectDetector] = static (parameters, context) => new ObjectDetector(parameters, context),
        [HandlerNames.TextClassifier] = static (parameters, context) => new TextClassifier(parameters, context),
        [HandlerNames.Persia] = static (_, context) => new PersiaHandler(context),
        // Speaks to front ends only; see HandlerNames.
        [HandlerNames.V2Reply] = static (_, _) => null,
    };

    /// <summary>The files beside the weights that the handlers of a definition read when the model is loaded.</summary>
    public static IReadOnlyList<string> FilesOf(ModelDefinition definition) =>
    [
        .. definition.Handlers.Where(static spec => spec.Name == HandlerNames.TextClassifier)
            .Select(static spec => spec.Parameters.GetValueOrDefault(HandlerNames.Vocabulary) ?? TextClassifier.DefaultVocabulary).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>What is wrong with the chain of a definition, one sentence each.</summary>
    public static void Check(ModelDefinition definition, List<string> faults) => Create(new HandlerContext(definition, null), faults);

    /// <summary>The handlers of a definition in its order, those that do nothing left out.</summary>
    /// <param name="context">Its definition, and the model when it is there.</param>
    /// <param name="faults">Gets a sentence for each mistake; the handlers are of use only when there is none.</param>
    public static List<IHandler> Create(HandlerContext context, List<string> faults)
    {
        var definition = context.Definition;
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
                if (create(parameters, context) is { } handler)
                    handlers.Add(handler);
                parameters.RefuseUnknown();
            }
        }

        return handlers;
    }
}

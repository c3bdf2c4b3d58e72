using Granary.Serving.Handlers;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>What an archive's handler is here: a chain of handlers, or a sentence that says why it is none.</summary>
internal static class ArchiveHandlers
{
    /// <summary>The name under which Persia's tutorial packs its handler.</summary>
    private const string PersiaHandler = "persia_handler.py";

    private static readonly string[] Known =
    [
        "base_handler", "BaseHandler", "TorchScriptHandler", "dali_image_classifier",
        HandlerNames.ImageClassifier, HandlerNames.ImageSegmenter, HandlerNames.ObjectDetector, HandlerNames.TextClassifier,
    ];

    private const int MaxHandlerBytes = 1 << 18;

    private const string Ours = "base_handler, image_classifier, image_segmenter, object_detector and text_classifier";

    /// <summary>The chain.</summary>
    /// <param name="handler">As the manifest or the caller names it.</param>
    /// <param name="archive">Holds the labels and the vocabulary.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>.</exception>
    public static IReadOnlyList<HandlerSpec> Resolve(string? handler, ModelArchive archive) => handler switch
    {
        null or "" => throw Refuse(archive, "names no handler; register it with handler=base_handler (tensors in and out) or another of this server's"),
        "base_handler" or HandlerNames.TorchServeBase or "BaseHandler" => [new HandlerSpec(HandlerNames.TorchServeBase)],
        "TorchScriptHandler" or HandlerNames.TorchServePickle => [new HandlerSpec(HandlerNames.TorchServePickle)],
        HandlerNames.Persia => [new HandlerSpec(HandlerNames.Persia)],
        _ when IsPersias(handler, archive) => [new HandlerSpec(HandlerNames.Persia)],
        HandlerNames.ImageSegmenter => [new HandlerSpec(handler)],
        HandlerNames.ImageClassifier or HandlerNames.ObjectDetector => [WithLabels(handler, archive, [])],
        HandlerNames.TextClassifier => [WithLabels(handler, archive, new() { [HandlerNames.Vocabulary] = Vocabularies.Find(archive) })],
        "dali_image_classifier" => throw Refuse(archive, "wants the handler dali_image_classifier, which runs NVIDIA's DALI in Python; register it with handler=image_classifier, which does the same to images"),
        "vllm_handler" or "trt_llm_handler" => throw Refuse(archive, $"wants the handler {handler}, which runs a language model in Python; this server runs TorchScript modules"),
        _ => throw RefuseCustom(handler, archive),
    };

    /// <summary>Refuses an archive whose handler is code, unless the definition says what else to do; for definitions that <see cref="ArchiveDefinitions"/> did not make.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>.</exception>
    public static void Check(ModelArchive archive, ModelDefinition definition)
    {
        if (definition.Handlers.Count == 0 && !definition.Annotations.ContainsKey(ArchiveAnnotations.Handler) && archive.Manifest.Handler is { Length: > 0 } handler && !Known.Contains(handler))
            throw RefuseCustom(handler, archive);
    }

    // By its name, or by what every such handler imports. It is looked at and never run.
    private static bool IsPersias(string handler, ModelArchive archive)
    {
        var file = handler.Split(':')[0];
        if (!file.EndsWith(".py", StringComparison.Ordinal))
            file += ".py";
        if (file == PersiaHandler)
            return true;
        if (archive.LengthOf(file) is not (>= 0 and <= MaxHandlerBytes) || archive.TryRead(file, MaxHandlerBytes) is not { } text)
            return false;
        return text.AsSpan().IndexOf("persia.ctx"u8) >= 0 && text.AsSpan().IndexOf("InferCtx"u8) >= 0;
    }

    private static ServingException RefuseCustom(string handler, ModelArchive archive)
    {
        var colon = handler.IndexOf(':');
        var file = colon < 0 ? handler : handler[..colon];
        if (archive.Manifest.Runtime == "LSP")
            return Refuse(archive, $"wants the C++ handler {ModelIdText.Quote(handler)}, and code in archives is never run; register it with handler=TorchScriptHandler or handler=base_handler");
        if (!file.EndsWith(".py", StringComparison.Ordinal))
            file += ".py";
        return Refuse(archive, $"wants the Python handler {ModelIdText.Quote(file)}, and Python is never run here; "
            + $"if its work is that of one of this server's handlers ({Ours}), register the archive with handler= and its name, else move its work into the module's forward and use handler=base_handler");
    }

    private static HandlerSpec WithLabels(string handler, ModelArchive archive, Dictionary<string, string> parameters)
    {
        if (IndexToName.Find(archive) is { } labels)
            parameters[HandlerNames.Labels] = labels;
        return new HandlerSpec(handler, parameters);
    }

    private static ServingException Refuse(ModelArchive archive, string why) => new(ServingError.Unsupported, $"the archive '{archive.Source}' {why}");
}

using Granary.Serving.Models;

namespace Granary.Serving.Handlers;

/// <summary>Handlers that front ends look for.</summary>
public static class HandlerNames
{
    /// <summary>Changes no value: a V1 request is answered in the form of V2.</summary>
    public const string V2Reply = "v2-reply";

    /// <summary>TorchServe's <c>base_handler</c>: what a request holds becomes one row of a tensor.</summary>
    public const string TorchServeBase = "torchserve-base";

    /// <summary>TorchServe's <c>TorchScriptHandler</c>: tensors as torch.save writes them.</summary>
    public const string TorchServePickle = "torchserve-pickle";

    /// <summary>TorchServe's handler of this name.</summary>
    public const string ImageClassifier = "image_classifier";

    /// <summary>TorchServe's handler of this name.</summary>
    public const string ImageSegmenter = "image_segmenter";

    /// <summary>TorchServe's handler of this name.</summary>
    public const string ObjectDetector = "object_detector";

    /// <summary>TorchServe's handler of this name.</summary>
    public const string TextClassifier = "text_classifier";

    /// <summary>Persia's handler for TorchServe: embeddings before the module.</summary>
    public const string Persia = "persia";

    /// <summary>Parameter of handlers that name classes: an object of names by class as JSON, or names with commas between them.</summary>
    internal const string Labels = "labels";

    /// <summary>Parameter of <see cref="TextClassifier"/>: the file with the vocabulary.</summary>
    internal const string Vocabulary = "vocabulary";

    /// <summary>Whether the chain of a definition begins with one of TorchServe's handlers, which read one request's parameters at a time.</summary>
    public static bool TakesTorchServeRequests(this ModelDefinition definition) => definition.Handlers is [{ Name: TorchServeBase or TorchServePickle or ImageClassifier or ImageSegmenter or ObjectDetector or TextClassifier }, ..];

    /// <summary>Whether the chain of a definition has a handler.</summary>
    public static bool HasHandler(this ModelDefinition definition, string name)
    {
        foreach (var handler in definition.Handlers)
        {
            if (handler.Name == name)
                return true;
        }

        return false;
    }
}

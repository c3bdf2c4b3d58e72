using Granary.Api.Description;

namespace Granary.Api.OpenInference.V1;

/// <summary>What the OpenAPI document says of the V1 protocol.</summary>
internal static class V1Descriptions
{
    private const string Tag = "Open Inference V1";
    private const string Failed = """{ "error": "Request for unknown model: 'cifar10' is not found" }""";

    public static OperationDescription List { get; } = new(Tag, "The names of all models")
    {
        Responses = [new(200, "The names.", """{ "models": ["cifar10"] }""")],
        Security = "bearer",
    };

    public static OperationDescription Ready { get; } = new(Tag, "Whether a model answers requests")
    {
        Responses = [new(200, "It does, or its first request loads it.", """{ "name": "cifar10", "ready": true }"""), new(404, "There is no such model.", Failed), new(503, "It does not.", """{ "name": "cifar10", "ready": false }""")],
        Security = "bearer",
    };

    public static OperationDescription Predict { get; } = new(Tag, "Run a model")
    {
        Details = "`instances` are numbers or nested lists of them (one tensor), texts, or objects: named tensors, or what the model's handlers take, such as `{\"image\": {\"b64\": …}}`. `inputs` with an object of whole inputs by name is answered with `outputs`.",
        Request = """{ "instances": [[5.1, 3.5, 1.4, 0.2], [6.2, 2.2, 4.5, 1.5]] }""",
        Responses =
        [
            new(200, "One entry for each instance.", """{ "predictions": [[0.98, 0.02, 0.0], [0.0, 0.4, 0.6]] }"""),
            new(400, "The request is malformed or does not fit the model.", """{ "error": "the request has no \"instances\"; expected {\"instances\": […]}" }"""),
            new(404, "There is no such model or version.", Failed),
            new(503, "Queues or memory are full, or the model cannot be loaded now.", """{ "error": "the queue of model 'cifar10/1' is full: 1000 requests wait; try again later" }"""),
        ],
        Security = "bearer",
    };

    public static OperationDescription Explain { get; } = new(Tag, "Not offered")
    {
        Responses = [new(501, "There are no explainers.", """{ "error": "This server has no explainers; send :predict" }""")],
        Security = "bearer",
    };
}

using Granary.Api.Description;

namespace Granary.Api.TorchServe;

/// <summary>What the OpenAPI document says of TorchServe's APIs.</summary>
internal static class TorchServeDescriptions
{
    private const string InferenceTag = "TorchServe inference";
    private const string ManagementTag = "TorchServe management";
    private const string Missing = """{ "code": 404, "type": "ModelNotFoundException", "message": "Model not found: densenet161" }""";
    private const string Done = """{ "status": "Processing worker updates..." }""";

    public static OperationDescription Ping { get; } = new(InferenceTag, "Whether all models are well")
    {
        Responses = [new(200, "They are.", """{ "status": "Healthy" }"""), new(500, "One could not be loaded.", """{ "status": "Unhealthy" }""")],
    };

    public static OperationDescription Predict { get; } = new(InferenceTag, "Run a model")
    {
        Details = "Any method. The body is JSON as `forward` takes it, the bytes of an image, a tensor's elements, or a form whose fields are named inputs; what it means is up to the model's handler.",
        Request = """[[5.1, 3.5, 1.4, 0.2]]""",
        Responses = [new(200, "What the model answered, indented as Python's json does.", """[[0.98, 0.02, 0.0]]"""), new(404, "There is no such model or version.", Missing), new(503, "No worker is free, or the prediction failed.", """{ "code": 503, "type": "InternalServerException", "message": "Prediction failed: …" }""")],
        Security = "bearer",
    };

    public static OperationDescription Invoke { get; } = Predict with { Summary = "Run a model, as SageMaker calls it" };

    public static OperationDescription Legacy { get; } = Predict with { Summary = "Run a model, as old clients call it" };

    public static OperationDescription Invocations { get; } = Predict with
    {
        Summary = "Run the model of a query parameter, or the only one",
        Query = [new("model_name", "The model; may be left out when there is one only.")],
    };

    public static OperationDescription Explain { get; } = new(InferenceTag, "Not offered")
    {
        Responses = [new(501, "Explanations need Python.", """{ "code": 501, "type": "NotImplementedException", "message": "…" }""")],
        Security = "bearer",
    };

    public static OperationDescription List { get; } = Management("List models") with
    {
        Query = [new("limit", "Most on a page, up to 100."), new("next_page_token", "Where the page begins.")],
        Responses = [new(200, "One page.", """{ "nextPageToken": "2", "models": [{ "modelName": "squeezenet", "modelUrl": "squeezenet.mar" }] }""")],
    };

    public static OperationDescription Register { get; } = Management("Register a model") with
    {
        Details = "Parameters are those of the query, or a JSON object of the same names.",
        Query =
        [
            new("url", "An archive or directory of the model store, an allowed URL, or a model id."),
            new("model_name", "Instead of the archive's."),
            new("handler", "Instead of the archive's."),
            new("batch_size", "Most requests of one call."),
            new("max_batch_delay", "Milliseconds that the first request of a batch waits."),
            new("initial_workers", "Calls that run at once."),
            new("synchronous", "Whether to wait for the workers; default true."),
            new("response_timeout", "Seconds."),
            new("startup_timeout", "Seconds."),
            new("sha256", "What the archive must have."),
        ],
        Responses =
        [
            new(200, "It is registered.", """{ "status": "Model \"squeezenet\" Version: 1.0 registered with 1 initial workers" }"""),
            new(202, "Its workers are on their way.", Done),
            new(400, "The archive is not served.", """{ "code": 400, "type": "InvalidModelException", "message": "…" }"""),
            new(404, "There is no such archive, or its URL is not allowed.", """{ "code": 404, "type": "ModelNotFoundException", "message": "Model not found at: x.mar" }"""),
            new(409, "The version is registered.", """{ "code": 409, "type": "ConflictStatusException", "message": "Model version 1.0 is already registered for model squeezenet" }"""),
        ],
    };

    public static OperationDescription Describe { get; } = Management("Describe a model, one of its versions, or `all`") with
    {
        Responses = [new(200, "A list of versions.", """[{ "modelName": "squeezenet", "modelVersion": "1.0", "minWorkers": 1, "workers": [{ "id": "9000", "status": "READY" }] }]"""), new(404, "There is no such model or version.", Missing)],
    };

    public static OperationDescription Scale { get; } = Management("Change how many workers a model has") with
    {
        Query = [new("min_worker", "How many; default 1."), new("max_worker", "At least as many."), new("synchronous", "Whether to wait; default false.")],
        Responses = [new(200, "They run.", """{ "status": "Workers scaled to 3 for model: squeezenet" }"""), new(202, "They are on their way.", Done)],
    };

    public static OperationDescription Unregister { get; } = Management("Unregister a model or a version") with
    {
        Responses = [new(200, "It is gone.", """{ "status": "Model \"squeezenet\" unregistered" }"""), new(403, "It is the default of several.", """{ "code": 403, "type": "InvalidModelVersionException", "message": "Cannot remove default version for model squeezenet" }""")],
    };

    public static OperationDescription SetDefault { get; } = Management("Make a version the default one") with
    {
        Responses = [new(200, "It is.", """{ "status": "Default version successfully updated for model \"squeezenet\" to \"2.0\"" }""")],
    };

    public static OperationDescription Api { get; } = Management("The OpenAPI description of a model");

    public static OperationDescription Token { get; } = Management("Write a new token into the key file") with
    {
        Query = [new("type", "management or inference")],
        Responses = [new(200, "It is written.", """{ "status": "The key file has a new inference token" }""")],
    };

    private static OperationDescription Management(string summary) => new(ManagementTag, summary) { Security = "adminKey" };
}

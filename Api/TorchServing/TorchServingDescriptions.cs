using Granary.Api.Description;

namespace Granary.Api.TorchServing;

/// <summary>What the OpenAPI document says of torch-serving's protocol.</summary>
internal static class TorchServingDescriptions
{
    private const string Tag = "torch-serving";

    public static OperationDescription Serve { get; } = new(Tag, "Run a model")
    {
        Details = "The body is a list of arguments, or the only argument. Values are torch-serving's, `{\"type\": \"tensor\" | \"tensor_list\" | \"tensor_dict\" | \"scalar\" | \"string\" | \"generic_dict\" | \"image\", \"value\": …, \"shape\": […], \"data_type\": …}`, or plain JSON that the signature of the model's `forward` explains: numbers, texts, lists, objects. The content type is ignored.",
        Query = [new QueryParameter("servable_identifier", "Required, once: a catalog name (`name` or `name/version`), a model id (`huggingface/…`, `local/…`), or the path of a file under the configured roots.")],
        Request = """[{ "type": "tensor", "shape": [1, 3], "value": [10, 1, 1] }, { "type": "scalar", "value": 30, "data_type": "int32" }, { "type": "string", "value": "Hello!" }]""",
        Responses =
        [
            new(200, "What the model returned; `result` is left out when that is None or an empty list.", """{ "code": 200, "description": "Success", "message": "OK", "result": { "data_type": "float32", "shape": [1, 3], "type": "tensor", "value": [60.0, 33.0, 33.0] } }"""),
            new(400, "The model, the JSON or the input is wrong.", """{ "code": 400, "description": "Incompatible tensor shapes", "detail": "[0]: Dimension mismatch - shape expected 3 total elements, found 2 total elements", "message": "Client Error", "result": "Dimension mismatch - shape expected 3 total elements, found 2 total elements" }"""),
            new(500, "The model raised.", """{ "code": 500, "description": "Unexpected server error", "detail": "mat1 and mat2 shapes cannot be multiplied (1x3 and 2x3)", "message": "Server Error", "result": "mat1 and mat2 shapes cannot be multiplied (1x3 and 2x3)" }"""),
            new(503, "Queues or memory are full.", """{ "code": 503, "description": "Service unavailable", "detail": "the queue of model 'a/1' is full: 1000 requests wait; try again later", "message": "Server Error", "result": "the queue of model 'a/1' is full: 1000 requests wait; try again later" }"""),
        ],
        Security = "bearer",
    };

    public static OperationDescription Health { get; } = new(Tag, "Whether the service runs")
    {
        Responses = [new(200, "It does.", """{ "code": 200, "description": "OK", "message": "OK" }""")],
    };
}

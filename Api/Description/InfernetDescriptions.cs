namespace Granary.Api.Description;

/// <summary>What the OpenAPI document says of the routes that Infernet nodes call; they carry no metadata of their own.</summary>
internal static class InfernetDescriptions
{
    private const string Request =
        """
        {
          "source": 1,
          "destination": 1,
          "data": {
            "input": { "dtype": "double", "shape": [1, 8], "values": [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23] },
            "model_source": 1,
            "load_args": { "repo_id": "Ritual-Net/california-housing", "filename": "california_housing.torch" }
          },
          "requires_proof": false
        }
        """;

    private const string Answer = """{ "dtype": "double", "shape": [1, 1], "values": [4.151943055154582] }""";
    private const string BadRequest = """{ "code": "400", "name": "Bad Request", "description": "'data' is missing" }""";
    private const string Unauthorized = """{ "code": "401", "name": "Unauthorized", "description": "This service asks for a bearer token" }""";
    private const string Overloaded = """{ "code": "503", "name": "Service Unavailable", "description": "The queue of 'housing/1' is full" }""";

    private static readonly OperationDescription ServiceOutput = new("Infernet", "Run a model")
    {
        Details = "The call of an Infernet node. Three generations of `data` are understood: `{\"dtype\",\"values\"}`; `{\"input\":{\"dtype\",\"shape\",\"values\"},\"model_source\"?,\"load_args\"?}`; and `{\"model_id\"?,\"input\":{\"dtype\":<number>,\"shape\",\"values\"}}`. With `source` 0 `data` is the hex text of what a contract encoded: `(int256[])`, `(uint8,string,string,string,bytes)` or `(bytes,bytes[,uint8[,uint8]])`. A missing `destination` is the source. The answer has the form of its generation; with `destination` 0 it is `{\"raw_input\",\"processed_input\",\"raw_output\",\"processed_output\",\"proof\"}` in hex. Optional in `data`: `method` and `deterministic`.",
        Request = Request,
        Responses =
        [
            new(200, "What the model answered.", Answer),
            new(400, "The request is malformed or does not fit the model.", BadRequest),
            new(401, "A bearer token is configured and the request does not present it.", Unauthorized),
            new(503, "Queues or memory are full, or the model cannot be loaded now.", Overloaded),
        ],
        Security = "bearer",
    };

    private static readonly OperationDescription ServiceResources = new("Infernet", "What this service can run")
    {
        Query = [new QueryParameter("model_id", "Ask whether this model can be served, instead of what the machine has.")],
        Responses = [new(200, "The hardware, or whether the model is supported.", """{ "version": "0.1.0", "service_id": "torch-inference-service", "hardware_capabilities": [], "compute_capability": [] }""")],
    };

    private static readonly OperationDescription ReceiptKey = new("Infernet", "With which key answers are signed")
    {
        Responses =
        [
            new(200, "The public key that checks the header `Granary-Receipt`.", """{ "key": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "curve": "secp256k1", "algorithm": "EIP191-secp256k1", "public_key": "-----BEGIN PUBLIC KEY-----…", "proofs": false }"""),
            new(404, "Receipts are off.", """{ "code": "404", "name": "Not Found", "description": "This service signs no receipts" }"""),
        ],
    };

    private static readonly OperationDescription Index = new("Infernet", "Who is there")
    {
        Responses = [new(200, "A greeting.", """{ "message": "Torch ML Inference Service" }""")],
    };

    /// <summary>The description of a route; null when it is none of these.</summary>
    public static OperationDescription? Find(string path, string method) => (path, method) switch
    {
        ("/service_output", "POST") => ServiceOutput,
        ("/service-resources", "GET") => ServiceResources,
        ("/receipts/key", "GET") => ReceiptKey,
        ("/", "GET") => Index,
        _ => null,
    };
}

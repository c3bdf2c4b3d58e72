namespace Granary.Api.Admin;

/// <summary>Example bodies of the OpenAPI document; a test sends the requests.</summary>
internal static class AdminExamples
{
    public const string Definition =
        """
        {
          "source": "huggingface/Ritual-Net/california-housing:california_housing.torch",
          "inputs": [{ "name": "input", "dtype": "float64", "shape": [-1, 8] }],
          "outputs": [{ "name": "output", "dtype": "float64", "shape": [-1, 1] }],
          "device": "cpu",
          "instances": 2,
          "maxQueueSize": 1000,
          "batching": { "maxBatchSize": 16, "maxQueueDelay": "00:00:00.0020000" },
          "idleTimeout": "00:30:00",
          "pinned": false,
          "optimize": false,
          "requireTorchScript": false,
          "intraOpThreads": 1,
          "responseCache": false,
          "description": "House prices in 100,000 dollars"
        }
        """;

    public const string WarmUp =
        """
        {
          "inputs": [{ "name": "input", "dtype": "float64", "shape": [1, 8], "values": [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23] }],
          "method": "forward",
          "count": 3,
          "wait": true
        }
        """;

    public const string Default = """{ "version": "2" }""";

    public const string Status =
        """
        {
          "key": "housing/1", "adHoc": false, "state": "ready", "device": "cpu",
          "sha256": "6a09e667f3bcc908b2fb1366ea957d3e3adec17512775099da2f590b0667322a",
          "residentBytes": 4096, "pinned": false, "running": 0, "queued": 0,
          "loadedAt": "2026-01-31T12:00:00+00:00", "loadSeconds": 0.8, "lastUsedAt": "2026-01-31T12:00:05+00:00",
          "statistics": { "succeeded": 12, "failed": 0, "rows": 12, "executions": 12, "loads": 1, "queueSeconds": 0.001, "computeSeconds": 0.002 },
          "methods": [{ "name": "forward", "arguments": [{ "name": "input", "type": "Tensor" }], "returns": "Tensor" }]
        }
        """;

    public const string Version = $$"""{ "key": "housing/1", "isDefault": true, "definition": {{Definition}}, "status": {{Status}} }""";

    public const string Model = $$"""{ "name": "housing", "defaultVersion": "1", "versions": [{{Version}}] }""";

    public const string Models = $$"""{ "models": [{{Model}}] }""";

    public const string Activations = $$"""{ "activations": [{{Status}}] }""";

    public const string WarmedUp = $$"""{ "inputs": "given", "runs": [{ "queueSeconds": 0.00001, "computeSeconds": 0.00004 }], "status": {{Status}} }""";

    public const string Operation = """{ "id": "1", "kind": "warmup", "key": "housing/1", "state": "running", "startedAt": "2026-01-31T12:00:00+00:00" }""";

    public const string Operations = $$"""{ "operations": [{{Operation}}] }""";

    public const string Unloaded = $$"""{ "unloaded": true, "status": {{Status}} }""";

    public const string Servables = """{ "servables": [{ "identifier": "model-example.pt", "key": "local/model-example.pt/0" }] }""";

    public const string Invalidated = """{ "invalidated": ["model-example.pt"] }""";

    public const string Deleted = """{ "deleted": ["housing/1"] }""";

    public const string Weights = """{ "hits": 3, "misses": 1, "downloadedBytes": 4096, "resumes": 0, "failures": 0, "evictions": 0, "files": [{ "id": "arweave/OWNER/housing:model.pt", "sha256": "59d5…bfe5", "bytes": 4096, "revision": "TRANSACTION", "verified": ["id", "owner", "signature", "data_root", "file_sha256"] }] }""";

    public const string Forbidden = """{ "code": "403", "name": "Forbidden", "description": "model id 'huggingface/other/name:model.pt' is not allowed here" }""";

    public const string NotFound = """{ "code": "404", "name": "Not Found", "description": "There is no model 'housing'; GET /admin/models lists those there are" }""";

    public const string Invalid = """{ "code": "400", "name": "Bad Request", "description": "Model 'housing' version '1' cannot be registered: source: missing" }""";

    public const string Conflict = """{ "code": "409", "name": "Conflict", "description": "Model 'housing' version '1' exists with another content" }""";

    public const string Unauthorized = """{ "code": "401", "name": "Unauthorized", "description": "Administration asks for a key; send the header 'Authorization: Bearer <Granary:Admin:Key>'" }""";
}

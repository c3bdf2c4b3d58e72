using Granary.Api.Description;

namespace Granary.Api.Health;

/// <summary>What the OpenAPI document says of the probes.</summary>
internal static class HealthDescriptions
{
    public static OperationDescription Live { get; } = new("Operations", "Whether the process answers; models do not count")
    {
        Responses = [new(200, "It does.", """{ "status": "live" }""")],
    };

    public static OperationDescription Startup { get; } = new("Operations", "Whether the server has started; models do not count")
    {
        Responses = [new(200, "It has.", """{ "status": "started" }"""), new(503, "Not yet.", """{ "status": "starting", "reasons": ["the server has not finished starting"] }""")],
    };

    public static OperationDescription Ready { get; } = new("Operations", "Whether to send traffic here")
    {
        Responses =
        [
            new(200, "Every model that is preloaded is ready.", """{ "status": "ready", "models": [{ "key": "housing/1", "state": "ready" }] }"""),
            new(503, "A preloaded model is loading or failed, or the process shuts down.", """{ "status": "unready", "reasons": ["model 'housing/1' is loading"], "models": [{ "key": "housing/1", "state": "loading" }] }"""),
        ],
    };
}

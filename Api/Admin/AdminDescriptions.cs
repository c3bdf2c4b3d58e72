using Granary.Api.Description;

namespace Granary.Api.Admin;

/// <summary>What the OpenAPI document says of the admin API.</summary>
internal static class AdminDescriptions
{
    private static readonly ResponseDescription NotFound = new(404, "There is no such model, version or operation.", AdminExamples.NotFound);
    private static readonly ResponseDescription Invalid = new(400, "The request is wrong; every fault is named.", AdminExamples.Invalid);
    private static readonly ResponseDescription Forbidden = new(403, "The source is not on the allow-lists of this service.", AdminExamples.Forbidden);
    private static readonly QueryParameter DefaultFlag = new("default", "true to make this version the default even when others exist.");
    private static readonly QueryParameter WaitFlag = new("wait", "false to be answered 202 at once, with the operation to look at in Location. Default true.");
    private static readonly QueryParameter Key = new("key", "name/version, or the key of an ad-hoc activation as the list shows it.");

    public static OperationDescription ListModels { get; } = Describe("List every model with its versions, their state and statistics", new ResponseDescription(200, "The catalog.", AdminExamples.Models));

    public static OperationDescription GetModel { get; } = Describe("Show one model", new(200, "The model.", AdminExamples.Model), NotFound);

    public static OperationDescription GetVersion { get; } = Describe("Show one version", new(200, "The version.", AdminExamples.Version), NotFound);

    public static OperationDescription ListActivations { get; } = Describe("List what is in memory, is loading or failed lately, ad-hoc models included", new ResponseDescription(200, "The activations, or with a key one of them.", AdminExamples.Activations)) with { Query = [Key] };

    public static OperationDescription GetWeights { get; } = Describe("Show what the weights store did since the process started, and what it holds", new(200, "The counters and the files.", AdminExamples.Weights), NotFound);

    public static OperationDescription ListServables { get; } = Describe("List the models that requests to /serve named by path or model id", new ResponseDescription(200, "The one used last first.", AdminExamples.Servables));

    public static OperationDescription InvalidateServables { get; } = Describe("Take models that requests to /serve named by path or model id out of memory, so that the next request loads them anew", new ResponseDescription(200, "Those that left.", AdminExamples.Invalidated)) with
    {
        Query = [new QueryParameter("identifier", "As requests name it in `servable_identifier`; all of them without one.")],
    };

    public static OperationDescription ListOperations { get; } = Describe("List loads and warm-ups that nobody waited for", new ResponseDescription(200, "The newest operations.", AdminExamples.Operations));

    public static OperationDescription GetOperation { get; } = Describe("Show one operation", new(200, "The operation.", AdminExamples.Operation), NotFound);

    public static OperationDescription Register { get; } = Describe("Register a version", new(201, "Registered.", AdminExamples.Version), new(200, "It was there with the same content.", AdminExamples.Version), Invalid, Forbidden, new(409, "It exists with another content; a version never changes.", AdminExamples.Conflict)) with
    {
        Details = "Only `source` is required. Durations are seconds or texts such as `00:05:00`; `idleTimeout` may be `never`. A local source must lie under a configured root (`--local-root`): only what the operator gives at start is trusted beyond that.",
        Query = [DefaultFlag],
        Request = AdminExamples.Definition,
    };

    public static OperationDescription RegisterNext { get; } = Register with { Summary = "Register the next free version", Responses = [new(201, "Registered; Location names it.", AdminExamples.Version), Invalid, Forbidden, Unauthorized] };

    public static OperationDescription SetDefault { get; } = Describe("Choose the version that requests without one get", new(200, "The version.", AdminExamples.Version), NotFound) with { Request = AdminExamples.Default };

    public static OperationDescription DeleteVersion { get; } = Describe("Delete a version and unload it", new(200, "What was deleted.", AdminExamples.Deleted), NotFound);

    public static OperationDescription DeleteModel { get; } = DeleteVersion with { Summary = "Delete every version of a model and unload them" };

    public static OperationDescription Load { get; } = Describe("Load a version", new(200, "It is ready.", AdminExamples.Status), new(202, "It is loading.", AdminExamples.Operation), NotFound) with { Query = [WaitFlag] };

    public static OperationDescription WarmUp { get; } = Describe("Load a version and run sample inputs", new(200, "What the runs took.", AdminExamples.WarmedUp), new(202, "It goes on; Location names the operation.", AdminExamples.Operation), Invalid, NotFound) with
    {
        Details = "Without inputs, zeros in the declared shapes are run (sizes of -1 being 1), or nothing when the definition declares no inputs. An input with `value` instead of `dtype` and `values` is no tensor but what its JSON says.",
        Request = AdminExamples.WarmUp,
    };

    public static OperationDescription Unload { get; } = Describe("Unload a version after its running calls", new(200, "Whether it was loaded, and its state now.", AdminExamples.Unloaded), NotFound);

    public static OperationDescription Evict { get; } = Unload with
    {
        Summary = "Unload a version as the memory budget would: unless it is pinned",
        Responses = [.. Unload.Responses, new(409, "It is pinned.", AdminExamples.Conflict)],
    };

    public static OperationDescription Pin { get; } = Describe("Exempt a version from idle unloading and eviction", new(200, "Its state.", AdminExamples.Status), NotFound);

    public static OperationDescription Scale { get; } = Describe("Change how many calls of a version run at once", new(200, "Its state.", AdminExamples.Status), Invalid, NotFound) with
    {
        Details = "In a cluster they are spread over as many suitable silos as there are, at most one activation each. 0 stands for one activation with as many calls as its host has cores. Kept in the catalog.",
        Request = """{ "instances": 2 }""",
    };

    public static OperationDescription Unpin { get; } = Pin with { Summary = "Let a version be unloaded again" };

    /// <summary>The same action on the default version of a name.</summary>
    public static OperationDescription OfDefault(OperationDescription action) => WithoutExamples(action) with { Summary = $"{action.Summary} (the default version)" };

    /// <summary>The same action on any key.</summary>
    public static OperationDescription OfKey(OperationDescription action) => WithoutExamples(action) with { Summary = $"{action.Summary} (any key, ad-hoc ones too)", Query = [Key, .. action.Query] };

    // The examples stand once, at the route with a version; three times over they are most of the document.
    private static OperationDescription WithoutExamples(OperationDescription action) =>
        action with { Responses = [.. action.Responses.Select(response => response with { Example = null })] };

    private static ResponseDescription Unauthorized => new(401, "A key is set and the request does not present it. Without a key: 403 unless it comes from this machine.", AdminExamples.Unauthorized);

    private static OperationDescription Describe(string summary, params ReadOnlySpan<ResponseDescription> responses) =>
        new("Admin", summary) { Responses = [.. responses, Unauthorized], Security = "adminKey" };
}

using System.Text.Json;
using Granary.Serving;
using Granary.Serving.Models;

namespace Granary.Api.Admin;

/// <summary>
/// Reads the definition of a registration. <see cref="ModelDefinition.Trusted"/> is never set: a local path given here must lie
/// under a configured root, because the admin key grants power over models, not over the files of the host.
/// </summary>
internal static class DefinitionReader
{
    /// <summary>Reads a definition whose name and version the path of the request gives.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, every fault in one message.</exception>
    public static ModelDefinition Read(JsonElement body, string name, string version)
    {
        List<string> faults = [];
        var fields = new JsonFields(body, "", faults);
        RequireSame(fields, "name", name);
        RequireSame(fields, "version", version);
        var definition = ReadFields(fields, name, version);
        fields.RefuseUnknown();
        faults.AddRange(ModelDefinitionValidator.Validate(definition));
        if (faults.Count > 0)
            throw new ServingException(ServingError.InvalidArgument, $"Model '{name}' version '{version}' cannot be registered: {string.Join("; ", faults)}");
        return definition;
    }

    private static ModelDefinition ReadFields(JsonFields fields, string name, string version)
    {
        var defaults = new ModelDefinition { Name = name, Version = version, Source = ReadSource(fields) };
        return defaults with
        {
            Sha256 = fields.Text("sha256"),
            Inputs = ReadTensors(fields, "inputs"),
            Outputs = ReadTensors(fields, "outputs"),
            Device = fields.Text("device") ?? defaults.Device,
            Instances = fields.Integer("instances", defaults.Instances, minimum: 0),
            MaxQueueSize = fields.Integer("maxQueueSize", defaults.MaxQueueSize, minimum: 1),
            Batching = ReadBatching(fields),
            IdleTimeout = fields.Duration("idleTimeout", allowNever: true),
            Pinned = fields.Flag("pinned", defaults.Pinned),
            Optimize = fields.Flag("optimize", defaults.Optimize),
            RequireTorchScript = fields.Flag("requireTorchScript", defaults.RequireTorchScript),
            IntraOpThreads = fields.Integer("intraOpThreads", defaults.IntraOpThreads, minimum: 0),
            ResponseCache = fields.Flag("responseCache", defaults.ResponseCache),
            Handlers = ReadHandlers(fields),
            MemoryBytes = fields.Size("memoryBytes"),
            Description = fields.Text("description"),
        };
    }

    // What a GET shows can be sent back as it is, so the two names that the path holds already are allowed.
    private static void RequireSame(JsonFields fields, string field, string expected)
    {
        if (fields.Text(field) is { } actual && actual != expected)
            fields.Fault(field, $"is '{actual}' but the path says '{expected}'");
    }

    private static ModelId ReadSource(JsonFields fields)
    {
        // Stands in for a faulty source, so that the validator finds fault with everything else only.
        var absent = new ModelId(ModelSourceKind.HuggingFace, "owner/name", null, "file");
        if (!fields.TryGet("source", out _))
        {
            fields.Fault("source", "missing; expected a model id such as \"huggingface/owner/name:model.pt\"");
            return absent;
        }

        if (fields.Text("source") is not { } text)
            return absent;
        try
        {
            return ModelIdParser.Parse(text);
        }
        catch (ServingException exception) when (exception.Error == ServingError.InvalidArgument)
        {
            fields.Fault("source", exception.Message);
            return absent;
        }
    }

    private static BatchingOptions ReadBatching(JsonFields fields)
    {
        if (fields.Object("batching") is not { } batching)
            return new BatchingOptions();
        var options = new BatchingOptions
        {
            MaxBatchSize = batching.Integer("maxBatchSize", 0, minimum: 0),
            MaxQueueDelay = batching.Duration("maxQueueDelay", allowNever: false) ?? TimeSpan.Zero,
        };
        batching.RefuseUnknown();
        return options;
    }

    private static HandlerSpec[] ReadHandlers(JsonFields fields)
    {
        List<HandlerSpec> handlers = [];
        foreach (var item in fields.Objects("handlers"))
        {
            var name = Required(item, "name", item.Text("name"));
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            if (item.Object("parameters") is { } given)
            {
                foreach (var parameter in given.Names)
                {
                    if (given.TextOrNumber(parameter) is { } text)
                        parameters[parameter] = text;
                }
            }

            item.RefuseUnknown();
            if (name is not null)
                handlers.Add(new HandlerSpec(name, parameters));
        }

        return handlers.Count == 0 ? [] : [.. handlers];
    }

    private static List<TensorSpec> ReadTensors(JsonFields fields, string field)
    {
        List<TensorSpec> tensors = [];
        foreach (var item in fields.Objects(field))
        {
            if (ReadTensor(item) is { } tensor)
                tensors.Add(tensor);
        }

        return tensors;
    }

    private static TensorSpec? ReadTensor(JsonFields item)
    {
        var name = Required(item, "name", item.Text("name"));
        var dtypeName = Required(item, "dtype", item.Text("dtype"));
        var shape = Required(item, "shape", item.Integers("shape"));
        item.RefuseUnknown();
        if (dtypeName is null || !DTypeNames.TryParse(dtypeName, out var dtype))
        {
            if (dtypeName is not null)
                item.Fault("dtype", $"'{dtypeName}' is not a dtype; expected one of {DTypeNames.All}");
            return null;
        }

        return name is null || shape is null ? null : new TensorSpec(name, dtype, shape);
    }

    private static T? Required<T>(JsonFields item, string field, T? value)
        where T : class
    {
        if (value is null && !item.TryGet(field, out _))
            item.Fault(field, "missing");
        return value;
    }
}

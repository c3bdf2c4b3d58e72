using System.Text.Json;
using Granary.Serving;
using Granary.Serving.Models;

namespace Granary.Hosting.Startup;

/// <summary>
/// Finds the default model in the variables of whichever Infernet generation is used. The newest generation wins:
/// <c>TORCH_DEFAULT_MODEL_ID</c>, then <c>MODEL_SOURCE</c> with <c>LOAD_ARGS</c>, then the workflow variables.
/// </summary>
internal sealed class StartupModelReader
{
    private const string DefaultModelId = "TORCH_DEFAULT_MODEL_ID";
    private const string ModelSource = "MODEL_SOURCE";
    private const string FileNameVariable = "TORCH_MODEL_FILE_NAME";
    private const string Workflow = "TorchInferenceWorkflow";
    private static readonly string[] WorkflowPrefixes = ["TORCH_INF_WORKFLOW_", "CLASSIC_INF_WORKFLOW_"];

    private readonly EnvironmentText _text;
    private readonly List<string> _errors;
    private readonly List<(string NamedBy, ModelId Id)> _found = [];

    private StartupModelReader(EnvironmentText text, List<string> errors)
    {
        _text = text;
        _errors = errors;
    }

    /// <summary>The model; null when none is named or when what names one is wrong.</summary>
    public static StartupModel? Read(EnvironmentText text, bool requireTorchScript, List<string> errors, List<string> warnings)
    {
        var reader = new StartupModelReader(text, errors);
        if (text.Get(DefaultModelId) is { } id)
            reader.Add(DefaultModelId, () => ModelIdParser.Parse(id));
        reader.ReadLoadArguments();
        foreach (var prefix in WorkflowPrefixes)
            reader.ReadWorkflow(prefix);
        if (reader._found.Count == 0)
            return null;
        var (namedBy, source) = reader._found[0];
        foreach (var (other, otherSource) in reader._found.Skip(1).Where(found => found.Id != source))
            warnings.Add($"{other} names another model ({otherSource}) than {namedBy} ({source}), which counts");
        return new StartupModel(source, requireTorchScript, namedBy);
    }

    private void ReadLoadArguments()
    {
        var source = _text.Get(ModelSource);
        var name = _text.Get("LOAD_ARGS") is null && _text.Get("MODEL_ARGS") is not null ? "MODEL_ARGS" : "LOAD_ARGS";
        var given = _text.Get(name) is not null;
        if (source is null && !given)
            return;
        if (source is null)
            _errors.Add($"{name} is set without {ModelSource}; expected 0 (local), 1 (arweave) or 2 (huggingface)");
        else
            Check(ModelSource, source);
        if (!given)
            _errors.Add($"{ModelSource} is set without LOAD_ARGS, the JSON object that names the model");
        if (_text.TryGetJson(name, JsonValueKind.Object, out var arguments) && source is not null)
            AddArguments(name, source, arguments.Value, _text.Get(FileNameVariable));
    }

    /// <summary>Workflow variables name a class and the arguments of its constructor: model_source, model_args.</summary>
    private void ReadWorkflow(string prefix)
    {
        if (_text.GetFirst(prefix + "CLASS", prefix + "POSITIONAL_ARGS", prefix + "KW_ARGS") is null)
            return;
        if (_text.Get(prefix + "CLASS") is { } name && name != Workflow && !name.EndsWith("." + Workflow, StringComparison.Ordinal))
            _errors.Add($"{prefix}CLASS is '{name}', which Granary does not run; the workflow it serves is {Workflow}");
        _text.TryGetJson(prefix + "POSITIONAL_ARGS", JsonValueKind.Array, out var positional);
        _text.TryGetJson(prefix + "KW_ARGS", JsonValueKind.Object, out var named);
        var namedBy = prefix + (named is null ? "POSITIONAL_ARGS" : "KW_ARGS");
        var source = Argument(positional, named, 0, "model_source")?.ToString();
        var file = _text.Get(FileNameVariable) ?? "model.torch";
        if (Argument(positional, named, 1, "model_args") is { } arguments)
        {
            if (arguments.ValueKind == JsonValueKind.Object)
                AddArguments(namedBy, source ?? "LOCAL", arguments, file);
            else
                _errors.Add($"model_args in {namedBy} is no JSON object with repo_id and filename, or with model_path");
        }
        else if (Argument(null, named, 0, "model_name")?.ToString() is { } repository)
        {
            AddRepository(namedBy, repository, file);
        }
        else if (source is not null)
        {
            // Before 0.1 the first argument was the repository itself.
            if (source.Contains('/'))
                AddRepository(namedBy, source, file);
            else
                _errors.Add($"{namedBy} has a model_source but no model_args, the object with repo_id and filename, or with model_path");
        }
    }

    private void AddRepository(string name, string repository, string file) =>
        Add(name, () => ModelIdFactory.FromLoadArguments(_text.GetTruth("USE_ARWEAVE") ? "ARWEAVE" : "HUGGINGFACE_HUB", repository, file, null, null));

    private void AddArguments(string name, string source, JsonElement arguments, string? file)
    {
        var count = _errors.Count;
        var repository = Field(name, arguments, "repo_id");
        var path = Field(name, arguments, "path") ?? Field(name, arguments, "model_path");
        var filename = Field(name, arguments, "filename") ?? (path is null ? file : null);
        var version = Field(name, arguments, "version");
        if (_errors.Count == count)
            Add(name, () => ModelIdFactory.FromLoadArguments(source, repository, filename, version, path));
    }

    private string? Field(string name, JsonElement arguments, string field)
    {
        if (!arguments.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        _errors.Add($"{field} in {name} is a JSON {value.ValueKind.ToString().ToLowerInvariant()}; expected a string");
        return null;
    }

    private void Check(string name, string source)
    {
        try
        {
            ModelSourceKinds.FromModelSource(source);
        }
        catch (ServingException exception)
        {
            _errors.Add($"{name}: {exception.Message}");
        }
    }

    private void Add(string name, Func<ModelId> read)
    {
        try
        {
            _found.Add((name, read()));
        }
        catch (ServingException exception)
        {
            var message = $"{name}: {exception.Message}";
            // A wrong source was reported under its own variable already.
            if (!_errors.Exists(error => error.EndsWith(exception.Message, StringComparison.Ordinal)))
                _errors.Add(message);
        }
    }

    private static JsonElement? Argument(JsonElement? positional, JsonElement? named, int index, string name)
    {
        if (named is { } map && map.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            return value;
        return positional is { } list && list.GetArrayLength() > index ? list[index] : null;
    }
}

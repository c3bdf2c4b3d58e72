using System.Globalization;
using System.Text;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>What is to be loaded of a model.</summary>
/// <param name="Model">Where it came from.</param>
/// <param name="Config">Normalised and valid.</param>
/// <param name="Definitions">One a version, ascending.</param>
/// <param name="Warnings">What the user may not have meant.</param>
internal sealed record LoadPlan(RepositoryModel Model, ModelConfig Config, IReadOnlyList<ModelDefinition> Definitions, IReadOnlyList<string> Warnings);

/// <summary>Reads a model's directory: configuration, versions, labels, files.</summary>
internal sealed class RepositoryModelReader(ModelRepositoryOptions options, Func<HostCapacity> host)
{
    private const int MaxConfigBytes = 16 << 20;
    private const int MaxLabelBytes = 64 << 20;
    private static readonly long[] FirstVersion = [1];
    private static readonly string[] Extensions = [".pt", ".torch", ".pth"];

    /// <summary>Reads it.</summary>
    /// <param name="model">The directory.</param>
    /// <param name="replacement">A configuration that counts instead of the file's; null for the file's.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException">What is wrong with it.</exception>
    public async Task<LoadPlan> ReadAsync(RepositoryModel model, ModelConfig? replacement, CancellationToken cancellation)
    {
        var raw = replacement ?? await ReadConfigAsync(model, cancellation);
        if (raw.EnsembleScheduling is not null && raw.Platform.Length == 0 && raw.Backend.Length == 0)
            raw = raw with { Platform = ModelConfigNormalizer.EnsemblePlatform };
        if (raw.Name.Length == 0)
            raw = raw with { Name = model.Name };
        if (raw.Name != model.Name)
            throw Wrong($"unexpected directory name '{model.Name}' for model '{raw.Name}', directory name must equal model name");
        var hasFile = raw.DefaultModelFilename.Length > 0 || model.Versions.Any(version => FileOf(model, raw, version) is not null);
        var config = ModelConfigNormalizer.Normalize(raw, hasFile, host());
        if (ModelConfigValidator.Validate(config) is { Count: > 0 } faults)
            throw Wrong(string.Join("; ", faults));
        var versions = VersionSelection.Select(config.VersionPolicy!, VersionsOf(model, config));
        if (versions.Count == 0)
            throw Wrong($"at least one version must be available under the version policy of model '{model.Name}'");
        var labels = await ReadLabelsAsync(model, config, cancellation);
        var definitions = new List<ModelDefinition>();
        foreach (var version in versions)
            definitions.Add(await DefineAsync(model, raw, config, version, labels, cancellation));
        return new LoadPlan(model, config, definitions, [.. Warnings(model, config)]);
    }

    /// <summary>The configuration as written; an empty one when there is none.</summary>
    /// <exception cref="ServingException">It cannot be read.</exception>
    public async Task<ModelConfig> ReadConfigAsync(RepositoryModel model, CancellationToken cancellation)
    {
        var file = options.ConfigName is { } name ? model.Find($"configs/{name}.pbtxt") : null;
        file ??= model.Find("config.pbtxt");
        if (file is null && options.RequireConfig)
            throw Wrong($"model '{model.Name}' has no config.pbtxt, which is required here ({ModelRepositoryOptions.SectionName}:{nameof(ModelRepositoryOptions.RequireConfig)})");
        if (file is null)
            return new ModelConfig();
        return ModelConfigCodec.ParseText(await ReadFileAsync(model, file, MaxConfigBytes, cancellation), file.Path);
    }

    private static IEnumerable<string> Warnings(RepositoryModel model, ModelConfig config) =>
    [
        .. ModelConfigSupport.Ignored(config),
        .. model.IgnoredVersions.Select(static folder => $"ignore version directory '{folder}' which contains leading zeros in its directory name"),
        .. VersionSelection.Missing(config.VersionPolicy!, VersionsOf(model, config)).Select(version => $"version {version} is specified for model '{model.Name}', but the version directory is not present"),
    ];

    // An ensemble's version directory is empty, and empty directories are nothing to see in a listing of files.
    private static IReadOnlyList<long> VersionsOf(RepositoryModel model, ModelConfig config) =>
        config.EnsembleScheduling is not null && model.Versions.Count == 0 ? FirstVersion : model.Versions;

    private async Task<ModelDefinition> DefineAsync(
        RepositoryModel model, ModelConfig raw, ModelConfig config, long version, IReadOnlyDictionary<string, IReadOnlyList<string>> labels, CancellationToken cancellation)
    {
        var file = config.EnsembleScheduling is not null ? ConfigOf(model) : FileOf(model, raw, version)
            ?? throw Wrong($"version {version} of model '{model.Name}' has no file '{config.DefaultModelFilename}'{Found(model, version)}");
        if (file.Fault is { } fault)
            throw Wrong($"'{file.Path}' {fault}");
        if (file.Length == 0 && config.EnsembleScheduling is null)
            throw Wrong($"'{file.Path}' is empty");
        var source = model.Store.SourceOf(file);
        if (ModelIdParser.Fault(source) is not null)
            throw Wrong($"'{file.Path}' has a colon, a backslash or an invisible character in its name");
        var sha256 = config.EnsembleScheduling is null ? await model.Store.HashAsync(file, cancellation) : null;
        var number = version.ToString(CultureInfo.InvariantCulture);
        var definition = DefinitionMapper.Map(raw, config, number, source, labels) with { Sha256 = sha256, IdleTimeout = options.IdleTimeout };
        definition = definition.With(model.Store, config);
        if (sha256 is null && config.EnsembleScheduling is null)
            definition = definition.WithStamp(file.Stamp);
        ModelDefinitionValidator.ThrowIfInvalid(definition);
        return definition;
    }

    // An ensemble has no weights; its configuration is its source, which may come with a load request only.
    private static RepositoryFile ConfigOf(RepositoryModel model) => model.Find("config.pbtxt") ?? new RepositoryFile($"{model.Name}/config.pbtxt", 0, "");

    /// <summary>A version's file; null when there is none. Where no name is given, the only TorchScript-like file will do.</summary>
    private static RepositoryFile? FileOf(RepositoryModel model, ModelConfig raw, long version)
    {
        var folder = version.ToString(CultureInfo.InvariantCulture);
        if (raw.DefaultModelFilename.Length > 0)
        {
            CheckRelative(raw.DefaultModelFilename, "default_model_filename", model.Name);
            return model.Find($"{folder}/{raw.DefaultModelFilename}");
        }

        if (model.Find($"{folder}/{ModelConfigNormalizer.DefaultFile}") is { } usual)
            return usual;
        var others = model.FilesOf(version).Where(static name => Extensions.Contains(Path.GetExtension(name), StringComparer.Ordinal)).ToList();
        return others.Count == 1 ? model.Find($"{folder}/{others[0]}") : null;
    }

    private static string Found(RepositoryModel model, long version)
    {
        var names = model.FilesOf(version).Take(10).ToList();
        return names.Count == 0 ? "" : $"; in it: {string.Join(", ", names)}";
    }

    private async Task<Dictionary<string, IReadOnlyList<string>>> ReadLabelsAsync(RepositoryModel model, ModelConfig config, CancellationToken cancellation)
    {
        var labels = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var output in config.Output.Where(static output => output.LabelFilename.Length > 0))
        {
            CheckRelative(output.LabelFilename, $"label_filename of output '{output.Name}'", model.Name);
            var file = model.Find(output.LabelFilename)
                ?? throw Wrong($"model '{model.Name}' has no file '{output.LabelFilename}', which is the label_filename of output '{output.Name}'");
            var text = Encoding.UTF8.GetString(await ReadFileAsync(model, file, MaxLabelBytes, cancellation));
            var lines = text.Split('\n').Select(static line => line.TrimEnd('\r')).ToList();
            if (lines[^1].Length == 0)
                lines.RemoveAt(lines.Count - 1);
            labels[output.Name] = lines;
        }

        return labels;
    }

    private static async Task<byte[]> ReadFileAsync(RepositoryModel model, RepositoryFile file, int maxBytes, CancellationToken cancellation) => file.Fault is null
        ? await model.Store.ReadAsync(file, maxBytes, cancellation)
        : throw Wrong($"'{file.Path}' {file.Fault}");

    private static void CheckRelative(string path, string what, string model)
    {
        if (path.StartsWith('/') || path.Contains('\\') || path.Split('/').Any(static part => part is "" or "." or ".."))
            throw Wrong($"{what} of model '{model}' is '{TextFormat.TextErrors.Show(path)}'; it must be a file inside the model's directory");
    }

    private static ServingException Wrong(string message) => new(ServingError.InvalidArgument, message);
}

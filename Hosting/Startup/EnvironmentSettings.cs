using System.Globalization;

namespace Granary.Hosting.Startup;

/// <summary>
/// What the start-up variables of all Infernet generations say, as configuration entries and a default model.
/// A pure function of the variables: it reads no file and no process state.
/// </summary>
/// <param name="Model">The default model; null when none is named.</param>
/// <param name="Configuration">Entries under the keys of <see cref="ConfigurationKeys"/>.</param>
/// <param name="Errors">Every mistake, each naming its variable.</param>
/// <param name="Warnings">What is odd but no mistake.</param>
internal sealed record EnvironmentSettings(
    StartupModel? Model,
    IReadOnlyDictionary<string, string?> Configuration,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> Warnings)
{
    /// <summary>Variables whose value becomes one configuration entry as it is; where two set one key, the first wins.</summary>
    private static readonly (string Variable, string Key)[] Texts =
    [
        ("HF_TOKEN", ConfigurationKeys.HuggingFaceToken),
        ("HUGGING_FACE_HUB_TOKEN", ConfigurationKeys.HuggingFaceToken),
        ("HF_ENDPOINT", ConfigurationKeys.HuggingFaceEndpoint),
        ("PERSIA_EMBEDDING_CONFIG", ConfigurationKeys.EmbeddingConfig),
        ("PERSIA_GLOBAL_CONFIG", ConfigurationKeys.EmbeddingGlobalConfig),
    ];

    /// <summary>Reads every variable.</summary>
    public static EnvironmentSettings Read(IReadOnlyDictionary<string, string?> variables)
    {
        var errors = new List<string>();
        var warnings = new List<string>();
        var text = new EnvironmentText(variables, errors);
        var configuration = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (variable, key) in Texts)
        {
            if (text.Get(variable) is { } value)
                configuration.TryAdd(key, value);
        }

        ReadServer(text, configuration);
        ReadCaches(text, configuration, errors);
        var owners = text.GetList("ALLOWED_ARWEAVE_OWNERS");
        for (var i = 0; i < owners.Count; i++)
            configuration[$"{ConfigurationKeys.AllowedArweaveOwners}:{i}"] = owners[i];
        // Both are always read, so that a wrong value shows even when the other is true. The flag is for every model.
        var jit = text.GetTruth("USE_JIT") | text.GetTruth("TORCH_USE_JIT");
        if (jit)
            configuration[ConfigurationKeys.AdHocRequireTorchScript] = bool.TrueString;
        var model = StartupModelReader.Read(text, jit, errors, warnings);
        return new EnvironmentSettings(model, configuration, errors, warnings);
    }

    private static void ReadServer(EnvironmentText text, Dictionary<string, string?> configuration)
    {
        // Set in the image: a container is reached from outside, a process on a desk is not.
        if (string.Equals(text.Get("RUNTIME"), "docker", StringComparison.OrdinalIgnoreCase))
            configuration[$"{ServerOptions.SectionName}:Bind:0"] = $"0.0.0.0:{BindAddress.DefaultPort}";
        if (text.GetTruth("HF_HUB_OFFLINE"))
            configuration[ConfigurationKeys.HuggingFaceOffline] = bool.TrueString;
    }

    private static void ReadCaches(EnvironmentText text, Dictionary<string, string?> configuration, List<string> errors)
    {
        if (text.Get("TORCH_CACHE_DIR") is { } folder)
        {
            // The original's files stay readable, and its folders stay apart from ours.
            var cache = ExpandHome(folder, text.Get("HOME"));
            configuration[ConfigurationKeys.InfernetCache] = cache;
            configuration[ConfigurationKeys.WeightsDirectory] = Path.Combine(cache, "granary");
        }

        // As huggingface_hub has it: the one variable names the cache, the other the folder above it.
        if (text.Get("HF_HUB_CACHE") is { } hub)
            configuration[ConfigurationKeys.HuggingFaceHubCache] = ExpandHome(hub, text.Get("HOME"));
        else if (text.Get("HF_HOME") is { } home)
            configuration[ConfigurationKeys.HuggingFaceHubCache] = Path.Combine(ExpandHome(home, text.Get("HOME")), "hub");

        const string Lru = "TORCH_MODEL_LRU_CACHE_SIZE";
        if (text.Get(Lru) is not { } size)
            return;
        if (int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var models) && models > 0)
            configuration[ConfigurationKeys.MaxResidentModels] = models.ToString(CultureInfo.InvariantCulture);
        else
            errors.Add($"{Lru} is '{size}'; expected a whole number of models above zero");
    }

    private static string ExpandHome(string folder, string? home) =>
        home is not null && (folder == "~" || folder.StartsWith("~/", StringComparison.Ordinal)) ? home + folder[1..] : folder;
}

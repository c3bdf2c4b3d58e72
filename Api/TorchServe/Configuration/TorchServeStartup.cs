using System.Globalization;

namespace Granary.Api.TorchServe.Configuration;

/// <summary>
/// What <c>--torchserve</c> and <c>config.properties</c> ask for, as entries of the configuration that are weaker than flags and
/// variables of our own.
/// </summary>
/// <param name="Configuration">The entries.</param>
/// <param name="Errors">Every mistake, each naming its key.</param>
/// <param name="Warnings">What is not used.</param>
internal sealed record TorchServeStartup(IReadOnlyDictionary<string, string?> Configuration, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings)
{
    private const string Section = TorchServeOptions.SectionName + ":";
    private const string EnabledKey = Section + nameof(TorchServeOptions.Enabled);
    private const string FileKey = Section + nameof(TorchServeOptions.ConfigFile);
    private const string VariablePrefix = "TS_";

    /// <summary>Reads the file if there is one.</summary>
    /// <param name="flags">What the command line set.</param>
    /// <param name="variables">Of the process.</param>
    /// <param name="readFile">Reads a text file.</param>
    public static TorchServeStartup Read(IReadOnlyDictionary<string, string?> flags, IReadOnlyDictionary<string, string?> variables, Func<string, string>? readFile = null)
    {
        var reader = new Reader();
        var file = flags.GetValueOrDefault(FileKey) ?? variables.GetValueOrDefault("TS_CONFIG_FILE");
        var isOn = flags.GetValueOrDefault(EnabledKey) == "true";
        if (string.IsNullOrEmpty(file) && !isOn)
            return new TorchServeStartup(reader.Configuration, [], []);
        var properties = string.IsNullOrEmpty(file) ? [] : reader.Load(file, readFile ?? File.ReadAllText);
        if (properties.GetValueOrDefault("enable_envvars_config") == "true")
            Overlay(properties, variables);
        // A list of the command line replaces the file's.
        if (flags.Keys.Any(static key => key.StartsWith(Section + nameof(TorchServeOptions.LoadModels), StringComparison.OrdinalIgnoreCase)))
            properties.Remove("load_models");
        reader.Take(properties);
        reader.AddDefaults();
        return new TorchServeStartup(reader.Configuration, reader.Errors, reader.Warnings);
    }

    // As TorchServe: variables win over the file when the file allows it.
    private static void Overlay(Dictionary<string, string> properties, IReadOnlyDictionary<string, string?> variables)
    {
        foreach (var (name, value) in variables)
        {
            if (name.StartsWith(VariablePrefix, StringComparison.Ordinal) && value is not null && name != "TS_CONFIG_FILE")
                properties[name[VariablePrefix.Length..].ToLowerInvariant()] = value;
        }
    }

    private sealed class Reader
    {
        public Dictionary<string, string?> Configuration { get; } = new(StringComparer.OrdinalIgnoreCase);

        public List<string> Errors { get; } = [];

        public List<string> Warnings { get; } = [];

        public Dictionary<string, string> Load(string file, Func<string, string> readFile)
        {
            try
            {
                return PropertiesFile.Parse(readFile(file));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
            {
                Errors.Add($"--ts-config: '{file}' cannot be read: {exception.Message}");
                return [];
            }
        }

        public void Take(Dictionary<string, string> properties)
        {
            foreach (var (name, text) in properties)
            {
                var value = text.Trim();
                try
                {
                    Take(name, value);
                }
                catch (FormatException exception)
                {
                    Errors.Add($"config.properties: {name}: {exception.Message}");
                }
            }

            TakeGrpc(properties, "inference", nameof(TorchServeOptions.GrpcInferenceAddress), 7070);
            TakeGrpc(properties, "management", nameof(TorchServeOptions.GrpcManagementAddress), 7071);
        }

        // TorchServe's own, where nothing says otherwise.
        public void AddDefaults()
        {
            Configuration.TryAdd(EnabledKey, "true");
            Configuration.TryAdd(Section + nameof(TorchServeOptions.InferenceAddress), "127.0.0.1:8080");
            Configuration.TryAdd(Section + nameof(TorchServeOptions.ManagementAddress), "127.0.0.1:8081");
            Configuration.TryAdd(Section + nameof(TorchServeOptions.MetricsAddress), "127.0.0.1:8082");
            Configuration.TryAdd(Section + nameof(TorchServeOptions.TokenAuthorization), "true");
            Configuration.TryAdd(Section + nameof(TorchServeOptions.EnableModelApi), "false");
        }

        private void Take(string name, string value)
        {
            if (TorchServeKeys.Mapped.TryGetValue(name, out var key))
            {
                if (value.Length > 0)
                    Configuration[key.Target] = key.Convert(value);
            }
            else if (name is "load_models" or "allowed_urls")
            {
                TakeList(name, value);
            }
            else if (TorchServeKeys.Tls.Contains(name))
            {
                if (value.Length > 0 && value != "false")
                    throw new FormatException("TLS belongs in front of this service (a proxy or the ingress); take this line out to serve without it");
            }
            else if (TorchServeKeys.WithoutEffect.TryGetValue(name, out var reason))
            {
                Warnings.Add($"config.properties: {name} has no effect: {reason}");
            }
            else if (name == "enable_metrics_api")
            {
                if (value == "false")
                    Configuration[Section + nameof(TorchServeOptions.MetricsAddress)] = "";
            }
            else if (!name.StartsWith("grpc_inference_", StringComparison.Ordinal) && !name.StartsWith("grpc_management_", StringComparison.Ordinal) && name != "enable_envvars_config")
            {
                Warnings.Add($"config.properties: {name} is not known and was ignored");
            }
        }

        private void TakeList(string name, string value)
        {
            if (value is "" or "N.A." or "standalone")
                return;
            var property = name == "load_models" ? nameof(TorchServeOptions.LoadModels) : nameof(TorchServeOptions.AllowedUrls);
            var items = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            for (var i = 0; i < items.Length; i++)
                Configuration[$"{Section}{property}:{i}"] = items[i];
        }

        private void TakeGrpc(Dictionary<string, string> properties, string use, string property, int port)
        {
            var host = properties.GetValueOrDefault($"grpc_{use}_address", "127.0.0.1").Trim();
            var text = properties.GetValueOrDefault($"grpc_{use}_port", port.ToString(CultureInfo.InvariantCulture)).Trim();
            try
            {
                Configuration[Section + property] = TorchServeKeys.Address(host.Contains(':') && !host.StartsWith('[') ? $"[{host}]:{text}" : $"{host}:{text}");
            }
            catch (FormatException exception)
            {
                Errors.Add($"config.properties: grpc_{use}_address or grpc_{use}_port: {exception.Message}");
            }
        }
    }
}

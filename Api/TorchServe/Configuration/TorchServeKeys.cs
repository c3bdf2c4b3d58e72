using System.Globalization;

namespace Granary.Api.TorchServe.Configuration;

/// <summary>What keys of <c>config.properties</c> mean here. Source: pytorch/serve, <c>ConfigManager.java</c> and docs/configuration.md.</summary>
internal static class TorchServeKeys
{
    private const string Section = TorchServeOptions.SectionName + ":";

    /// <summary>Keys whose value becomes one entry of the configuration.</summary>
    public static readonly IReadOnlyDictionary<string, TorchServeKey> Mapped = new Dictionary<string, TorchServeKey>(StringComparer.Ordinal)
    {
        ["inference_address"] = new(Section + nameof(TorchServeOptions.InferenceAddress), Address),
        ["management_address"] = new(Section + nameof(TorchServeOptions.ManagementAddress), Address),
        ["metrics_address"] = new(Section + nameof(TorchServeOptions.MetricsAddress), Address),
        ["default_workers_per_model"] = new(Section + nameof(TorchServeOptions.DefaultWorkersPerModel), Count),
        ["job_queue_size"] = new(Section + nameof(TorchServeOptions.JobQueueSize), Count),
        ["default_response_timeout"] = new(Section + nameof(TorchServeOptions.DefaultResponseTimeout), Seconds),
        ["default_startup_timeout"] = new(Section + nameof(TorchServeOptions.DefaultStartupTimeout), Seconds),
        ["max_request_size"] = new($"{ServerOptions.SectionName}:{nameof(ServerOptions.MaxRequestBodyBytes)}", Count),
        ["decode_input_request"] = new(Section + nameof(TorchServeOptions.DecodeInputRequest), Truth),
        ["service_envelope"] = new(Section + nameof(TorchServeOptions.ServiceEnvelope), static text => text),
        ["enable_model_api"] = new(Section + nameof(TorchServeOptions.EnableModelApi), Truth),
        ["disable_token_authorization"] = new(Section + nameof(TorchServeOptions.TokenAuthorization), static text => Truth(text) == "true" ? "false" : "true"),
        ["token_expiration_min"] = new(Section + nameof(TorchServeOptions.TokenLifetime), static text => Time(TimeSpan.FromMinutes(Number(text)))),
        ["model_store"] = new(Section + nameof(TorchServeOptions.ModelStores) + ":0", static text => text),
        ["models"] = new(Section + nameof(TorchServeOptions.ModelSettings), static text => text),
    };

    /// <summary>Keys that are known and change nothing here, with the reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> WithoutEffect = CreateWithoutEffect();

    /// <summary>Keys that ask for what would be unsafe to leave out in silence.</summary>
    public static readonly IReadOnlySet<string> Tls = new HashSet<string>(StringComparer.Ordinal) { "keystore", "keystore_pass", "keystore_type", "private_key_file", "certificate_file", "enable_grpc_ssl" };

    /// <summary><c>HOST:PORT</c> of a URL.</summary>
    /// <exception cref="FormatException">It is none, or asks for TLS.</exception>
    public static string Address(string text)
    {
        if (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            throw new FormatException($"'{text}' asks for TLS, which belongs in front of this service; write http://");
        if (text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
            throw new FormatException($"'{text}' is a socket file, which this service does not listen on");
        var rest = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? text["http://".Length..] : text;
        return BindAddress.TryParse(rest.TrimEnd('/'), out var address, out var error) ? address.ToString() : throw new FormatException(error);
    }

    private static string Truth(string text) => text.Equals("true", StringComparison.OrdinalIgnoreCase) ? "true" : "false";

    private static string Count(string text) => ((long)Number(text)).ToString(CultureInfo.InvariantCulture);

    private static string Seconds(string text) => Time(TimeSpan.FromSeconds(Number(text)));

    private static string Time(TimeSpan time) => time.ToString("c", CultureInfo.InvariantCulture);

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < int.MaxValue ? number : throw new FormatException($"'{text}' is no number");

    private static Dictionary<string, string> CreateWithoutEffect()
    {
        const string Python = "there are no Python workers";
        const string Threads = "threads are managed by .NET";
        const string Logs = "logs and metrics are configured as docs/configuration.md says";
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["install_py_dep_per_model"] = Python,
            ["default_service_handler"] = Python,
            ["blacklist_env_vars"] = Python,
            ["python_executable"] = Python,
            ["cpp_log_config"] = Python,
            ["unregister_model_timeout"] = "running calls are always waited for",
            ["number_of_netty_threads"] = Threads,
            ["netty_client_threads"] = Threads,
            ["prefer_direct_buffer"] = Threads,
            ["io_ratio"] = Threads,
            ["initial_worker_port"] = "workers are instances in one process",
            ["async_logging"] = Logs,
            ["metrics_mode"] = Logs,
            ["metrics_config"] = Logs,
            ["metric_time_interval"] = Logs,
            ["system_metrics_cmd"] = Logs,
            ["model_metrics_auto_detect"] = Logs,
            ["disable_system_metrics"] = Logs,
            ["model_snapshot"] = "the catalog keeps what was registered",
            ["snapshot_store"] = "the catalog keeps what was registered",
            ["max_response_size"] = "answers have no limit of their own",
            ["limit_max_image_pixels"] = "parameter max-pixels of the image handlers is the limit",
            ["number_of_gpu"] = "all GPUs that libtorch sees are used",
            ["workflow_store"] = "workflows are not served; ensembles are (docs/model-repository.md)",
            ["use_env_allowed_urls"] = "TS_ALLOWED_URLS counts with enable_envvars_config=true",
            ["vmargs"] = "there is no Java",
            ["plugins_path"] = "there is no Java",
            ["model_server_home"] = "there is no Java",
            ["ts_open_inference_protocol"] = "the Open Inference protocol is always answered",
            ["grpc_inference_max_connection_age_ms"] = "connections have no age",
            ["grpc_inference_max_connection_age_grace_ms"] = "connections have no age",
            ["grpc_management_max_connection_age_ms"] = "connections have no age",
            ["grpc_management_max_connection_age_grace_ms"] = "connections have no age",
        };
    }
}

/// <summary>One key.</summary>
/// <param name="Target">Key of the configuration.</param>
/// <param name="Convert">Turns its value into ours; throws <see cref="FormatException"/>.</param>
internal sealed record TorchServeKey(string Target, Func<string, string> Convert);

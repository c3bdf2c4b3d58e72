namespace Granary.Api.TorchServe;

/// <summary>
/// TorchServe's protocols. Inference answers on the service's own port in any case; the addresses here are further ones.
/// <c>--torchserve</c> and <c>config.properties</c> set them.
/// </summary>
public sealed class TorchServeOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Granary:TorchServe";

    /// <summary>Whether TorchServe's own ports and rules are wanted: <c>--torchserve</c>. Default false; inference and management answer on the service's port all the same.</summary>
    public bool Enabled { get; set; }

    /// <summary>TorchServe's <c>config.properties</c>: <c>--ts-config</c>, or the variable <c>TS_CONFIG_FILE</c>. Read once at start. Default null: none.</summary>
    public string? ConfigFile { get; set; }

    /// <summary>A further address for HTTP, such as <c>127.0.0.1:8080</c>. Default null: none.</summary>
    public string? InferenceAddress { get; set; }

    /// <summary>An address for the management API alone, such as <c>127.0.0.1:8081</c>; may equal <see cref="InferenceAddress"/>. Default null: none.</summary>
    public string? ManagementAddress { get; set; }

    /// <summary>An address for <c>/metrics</c> and the probes alone, such as <c>127.0.0.1:8082</c>; may equal another. Default null: none.</summary>
    public string? MetricsAddress { get; set; }

    /// <summary>A further address for gRPC, such as <c>127.0.0.1:7070</c>. Default null: none.</summary>
    public string? GrpcInferenceAddress { get; set; }

    /// <summary>An address for gRPC management, such as <c>127.0.0.1:7071</c>. Default null: none.</summary>
    public string? GrpcManagementAddress { get; set; }

    /// <summary>Directories besides the model repositories where archives are looked for. Default none.</summary>
    public string[] ModelStores { get; set; } = [];

    /// <summary>Models to register at start: <c>name=file.mar</c>, <c>file.mar</c> or <c>all</c>. Default none.</summary>
    public string[] LoadModels { get; set; } = [];

    /// <summary>
    /// Settings of single models as JSON, as in <c>models</c> of <c>config.properties</c>:
    /// <c>{"name": {"1.0": {"minWorkers": 1, "batchSize": 4}}}</c>. Default null: none.
    /// </summary>
    public string? ModelSettings { get; set; }

    /// <summary>Whether what clients registered before the last stop is served again. Default true; <c>--ncs</c> clears it.</summary>
    public bool KeepRegistered { get; set; } = true;

    /// <summary>Regular expressions of URLs that registrations may name, each matching the whole URL. Default none: no URL at all.</summary>
    public string[] AllowedUrls { get; set; } = [];

    /// <summary>Whether an allowed URL may lead to private, loopback and link-local addresses. Default false.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Largest archive that is downloaded, in bytes. Default 8 GiB.</summary>
    public long MaxDownloadBytes { get; set; } = 8L << 30;

    /// <summary>Whether models may be registered and unregistered by those who may administer; else 405. Default true.</summary>
    public bool EnableModelApi { get; set; } = true;

    /// <summary>Workers of a model whose registration names none. Default 0: it answers once it is scaled up.</summary>
    public int DefaultWorkersPerModel { get; set; }

    /// <summary>Requests that may wait for one model. Default 100.</summary>
    public int JobQueueSize { get; set; } = 100;

    /// <summary>How long an answer may take where the registration does not say. Default 120 seconds.</summary>
    public TimeSpan DefaultResponseTimeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>How long a synchronous registration waits for the model where it does not say. Default 120 seconds.</summary>
    public TimeSpan DefaultStartupTimeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether bodies of <c>application/json</c> and <c>text/*</c> reach handlers decoded; else as bytes. Default true.</summary>
    public bool DecodeInputRequest { get; set; } = true;

    /// <summary>
    /// What wraps requests and answers: <c>body</c> (nothing), <c>json</c> or <c>kserve</c> (<c>instances</c> and <c>predictions</c>).
    /// Default null: none.
    /// </summary>
    public string? ServiceEnvelope { get; set; }

    /// <summary>Whether callers must present a token of <see cref="KeyFile"/>. Default false; <c>--torchserve</c> sets it, as TorchServe does.</summary>
    public bool TokenAuthorization { get; set; }

    /// <summary>How long tokens are valid. Default 60 minutes.</summary>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromMinutes(60);

    /// <summary>Where tokens are written at start. Default <c>key_file.json</c> in the working directory.</summary>
    public string KeyFile { get; set; } = "key_file.json";

    /// <summary>Answer wrong tokens with 400, as TorchServe does. Default false: 401.</summary>
    public bool BadRequestForTokens { get; set; }
}

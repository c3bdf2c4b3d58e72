using System.Globalization;
using System.Text;
using Granary.Api.OpenInference;
using Granary.Api.Security;
using Granary.Api.TorchServe.Configuration;
using Granary.Serving.Models;
using Granary.Serving.Servables;

namespace Granary.Api.Hosting;

/// <summary>The table of start-up flags.</summary>
internal static class CommandLineOptions
{
    private const string Sources = "local, huggingface, arweave or blob";

    // Triton's flags of model repositories.
    private static readonly IReadOnlyList<CommandLineOption> Repositories =
    [
        new("--model-repository", null, "DIR", ConfigurationKeys.Repositories, "models in Triton's layout: a folder, or a place in Azure Blob storage") { Repeatable = true },
        new("--model-store", null, "DIR", ConfigurationKeys.Repositories, "the same") { Repeatable = true },
        new("--model-control-mode", null, "MODE", ConfigurationKeys.ModelControlMode, "none (load all at start), poll or explicit; default none")
        {
            Check = static text => text is "none" or "poll" or "explicit" ? null : $"'{text}' is no mode; expected none, poll or explicit",
        },
        new("--load-model", null, "NAME", ConfigurationKeys.LoadModels, "with explicit: model to load at start, * for all") { Repeatable = true },
        new("--repository-poll-secs", null, "SECONDS", ConfigurationKeys.RepositoryPollInterval, "with poll: time between two looks; default 15")
        {
            Check = Count,
            Convert = static text => TimeSpan.FromSeconds(long.Parse(text, CultureInfo.InvariantCulture)).ToString("c", CultureInfo.InvariantCulture),
        },
        new("--strict-readiness", null, "BOOL", ConfigurationKeys.StrictReadiness, "ready only when every model is; default true") { Check = Truth, Convert = TruthValue },
        new("--exit-on-error", null, "BOOL", ConfigurationKeys.ExitOnError, "end when a model cannot be loaded at start; default true") { Check = Truth, Convert = TruthValue },
        new("--model-load-thread-count", null, "N", ConfigurationKeys.ModelLoadThreads, "models loaded at the same time; default 4") { Check = Count },
        new("--id", null, "NAME", $"{OpenInferenceOptions.SectionName}:{nameof(OpenInferenceOptions.ServerId)}", "name of the server in /v2; default triton"),
        new("--model-config-name", null, "NAME", ConfigurationKeys.ModelConfigName, "use configs/NAME.pbtxt of models that have it"),
        new("--disable-auto-complete-config", null, "BOOL", ConfigurationKeys.RequireModelConfig, "refuse models without config.pbtxt; default false") { Check = Truth, Convert = TruthValue },
        new("--cache-config", null, "local,size=BYTES", ConfigurationKeys.ResponseCacheBytes, "memory for answers that are kept; models say response_cache to use it")
        {
            Check = static text => CacheBytes(text) is null ? $"'{text}' is no cache; expected local,size=BYTES" : null,
            Convert = static text => CacheBytes(text)!,
        },
        new("--response-cache-byte-size", null, "BYTES", ConfigurationKeys.ResponseCacheBytes, "the same, as earlier versions of Triton take it") { Check = Size },
        new("--http-restricted-api", null, "GROUPS:KEY=VALUE", $"{RestrictionOptions.SectionName}:{nameof(RestrictionOptions.HttpApis)}", "groups of /v2 and /v1 that ask for the header KEY: VALUE") { Repeatable = true },
        new("--grpc-restricted-protocol", null, "GROUPS:KEY=VALUE", $"{RestrictionOptions.SectionName}:{nameof(RestrictionOptions.GrpcProtocols)}", "the same of gRPC, with triton-grpc-protocol-KEY") { Repeatable = true },
        new("--http-header-forward-pattern", null, "REGEX", $"{OpenInferenceOptions.SectionName}:{nameof(OpenInferenceOptions.HttpHeaderForwardPattern)}", "accepted as Triton takes it; no model here sees headers"),
        new("--grpc-header-forward-pattern", null, "REGEX", $"{OpenInferenceOptions.SectionName}:{nameof(OpenInferenceOptions.GrpcHeaderForwardPattern)}", "accepted as Triton takes it; no model here sees metadata"),
    ];

    // torch-serving's flags; its -b is --bind here, its -h is the help.
    private static readonly IReadOnlyList<CommandLineOption> TorchServing =
    [
        new("--host", null, "HOST", $"{ServerOptions.SectionName}:{nameof(ServerOptions.Host)}", "address to listen on, as torch-serving takes it; default 127.0.0.1")
        {
            Check = static text => text.AsSpan().Count(':') == 1 ? "expected a host without a port" : BindAddress.TryParse(HostAddress.With(text, 0), out _, out var error) ? null : error,
        },
        new("--port", "-p", "PORT", $"{ServerOptions.SectionName}:{nameof(ServerOptions.Port)}", "port to listen on, such as torch-serving's 8888; default 3000") { Check = Port },
        new("--threads", "-t", "N", $"{ServerOptions.SectionName}:{nameof(ServerOptions.Threads)}", "accepted as torch-serving takes it; one process uses all cores") { Check = Count },
        new("--model-capacity", "-c", "N", $"{ConfigurationKeys.Servables}:{nameof(ServableCacheOptions.Capacity)}", "models named by path that stay in memory; default 10, 0 for no limit") { Check = CountOrNone },
        new("--buffer-size", null, "N", $"{ConfigurationKeys.Servables}:{nameof(ServableCacheOptions.Buffer)}", "how many more may come before some must go; default 3") { Check = CountOrNone },
        new("--use-gpu", null, "", ConfigurationKeys.AdHocDevice, "serve models named by path or model id on the first GPU")
        {
            Switch = "true",
            Check = Truth,
            Convert = static text => TruthValue(text) == "true" ? "cuda:0" : "cpu",
        },
    ];

    /// <summary>Every flag, in the order of the help.</summary>
    public static readonly IReadOnlyList<CommandLineOption> All =
    [
        new("--bind", "-b", "HOST:PORT", $"{ServerOptions.SectionName}:Bind", "address to listen on; default 127.0.0.1:3000, 0.0.0.0:3000 when RUNTIME=docker")
        {
            Repeatable = true,
            Check = static text => BindAddress.TryParse(text, out _, out var error) ? null : error,
        },
        new("--http-port", null, "PORT", $"{ServerOptions.SectionName}:{nameof(ServerOptions.HttpPort)}", "one more port for HTTP, such as 8000; may equal --grpc-port") { Check = Port },
        new("--grpc-port", null, "PORT", $"{ServerOptions.SectionName}:{nameof(ServerOptions.GrpcPort)}", "one more port for gRPC, such as 8001; --bind answers gRPC too") { Check = Port },
        new("--metrics-port", null, "PORT", $"{ServerOptions.SectionName}:{nameof(ServerOptions.MetricsPort)}", "one more port for /metrics and the probes alone, such as 8002") { Check = Port },
        new("--allow-http", null, "BOOL", $"{ServerOptions.SectionName}:{nameof(ServerOptions.AllowHttp)}", "false leaves --http-port closed; default true") { Check = Truth, Convert = TruthValue },
        new("--allow-grpc", null, "BOOL", $"{ServerOptions.SectionName}:{nameof(ServerOptions.AllowGrpc)}", "false answers no gRPC on any port; default true") { Check = Truth, Convert = TruthValue },
        new("--workers", "-w", "N", $"{ServerOptions.SectionName}:Workers", "accepted as hypercorn takes it; one process uses all cores") { Check = Count },
        new("--max-body-bytes", null, "BYTES", $"{ServerOptions.SectionName}:MaxRequestBodyBytes", "largest request body; default 268435456") { Check = Count },
        new("--local-root", null, "DIR", ConfigurationKeys.LocalRoots, "folder whose files requests may name as local models") { Repeatable = true },
        new("--cache-dir", null, "DIR", ConfigurationKeys.WeightsDirectory, "where downloaded weights are kept"),
        new("--data-dir", null, "DIR", ConfigurationKeys.CatalogDirectory, "where the model catalog is kept"),
        new("--allow-source", null, "SOURCE", ConfigurationKeys.AllowedSources, "source that requests may name: local, huggingface, arweave or blob; default all")
        {
            Repeatable = true,
            Check = static text => ModelSourceKinds.TryFromName(text, out _) ? null : $"'{text}' is no source; expected {Sources}",
        },
        new("--allow-owner", null, "SOURCE/OWNER", ConfigurationKeys.AllowedOwners, "owner, or owner/name, that requests may name of a source")
        {
            Repeatable = true,
            Check = SourceAndOwner,
            Split = static text => (text[..text.IndexOf('/')], text[(text.IndexOf('/') + 1)..]),
        },
        new("--idle-timeout", null, "TIME", ConfigurationKeys.IdleTimeout, "unload a model after this long without a request, as hh:mm:ss") { Check = Duration },
        .. Repositories,
        .. TorchServeFlags.All,
        new("--persia-embedding-config", null, "FILE", ConfigurationKeys.EmbeddingConfig, "Persia's embedding_config.yaml: the sparse features"),
        new("--persia-global-config", null, "FILE", ConfigurationKeys.EmbeddingGlobalConfig, "Persia's global_config.yaml: checkpoint, servers, packets"),
        new("--persia-checkpoint", null, "DIR", ConfigurationKeys.EmbeddingCheckpoint, "sparse checkpoint to load at start"),
        .. TorchServing,
        new("--admin-bind", null, "HOST:PORT", ConfigurationKeys.AdminBind, "address of the admin API, when it is to have its own")
        {
            Check = static text => BindAddress.TryParse(text, out _, out var error) ? null : error,
        },
        new("--admin-key", null, "KEY", ConfigurationKeys.AdminKey, "bearer key of the admin API; without one it answers loopback callers only"),
        new("--bearer", null, "TOKEN", ConfigurationKeys.Bearer, "bearer token that inference requests must carry"),
    ];

    /// <summary>Every flag name, for messages.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(option => option.Name));

    /// <summary>The flag of that long or short name; null when there is none.</summary>
    public static CommandLineOption? Find(string name)
    {
        foreach (var option in All)
        {
            if (option.Name == name || option.Short == name)
                return option;
        }

        return null;
    }

    /// <summary>What <c>--help</c> prints.</summary>
    public static string Help()
    {
        var text = new StringBuilder("Granary serves PyTorch models.\n\noptions (--name=value or --name value):\n");
        var width = All.Max(static option => Usage(option).Length) + 2;
        foreach (var option in All)
        {
            text.Append("  ").Append(Usage(option).PadRight(width)).Append(option.Help);
            text.Append(option.Repeatable ? "; may be repeated\n" : "\n");
        }

        text.Append("  ").Append("--Section:Key=VALUE".PadRight(width)).Append("sets any configuration key, such as --Granary:Server:MaxConnections=100\n");
        return text.Append("  ").Append("--help, -h".PadRight(width)).Append("this text\n").ToString();
    }

    private static string Usage(CommandLineOption option) => $"{option.Name}{(option.Short is null ? "" : ", " + option.Short)} {option.Value}".TrimEnd();

    private static string? SourceAndOwner(string text)
    {
        var slash = text.IndexOf('/');
        return slash > 0 && slash < text.Length - 1 && ModelSourceKinds.TryFromName(text.AsSpan(0, slash), out _)
            ? null
            : $"'{text}' is no source and owner; expected OWNER after one of {Sources} and a slash, such as huggingface/Ritual-Net";
    }

    private static string? Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : $"'{text}' is no port; expected 0 to {ushort.MaxValue}";

    private static string? Count(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? null
            : $"'{text}' is no whole number above zero";

    private static string? Size(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : $"'{text}' is no number of bytes";

    /// <summary>The size in Triton's form of a cache; null when it has another form.</summary>
    private static string? CacheBytes(string text)
    {
        const string Local = "local,size=";
        return text.StartsWith(Local, StringComparison.Ordinal) && Size(text[Local.Length..]) is null ? text[Local.Length..] : null;
    }

    private static string? CountOrNone(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : $"'{text}' is no whole number";

    // What Triton takes for a truth value.
    private static string? Truth(string text) =>
        text.ToLowerInvariant() is "true" or "on" or "1" or "false" or "off" or "0" ? null : $"'{text}' is no truth value; expected true or false";

    private static string TruthValue(string text) => text.ToLowerInvariant() is "true" or "on" or "1" ? "true" : "false";

    private static string? Duration(string text) =>
        // .NET reads a bare number as days, which nobody means.
        text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero
            ? null
            : $"'{text}' is no duration; write it as hh:mm:ss";
}

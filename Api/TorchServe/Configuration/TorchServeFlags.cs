using Granary.Api.Hosting;

namespace Granary.Api.TorchServe.Configuration;

/// <summary>TorchServe's flags. Source: pytorch/serve, <c>ts/arg_parser.py</c>.</summary>
internal static class TorchServeFlags
{
    private const string Section = TorchServeOptions.SectionName + ":";

    /// <summary>In the order of the help.</summary>
    public static readonly IReadOnlyList<CommandLineOption> All =
    [
        new("--torchserve", null, "", Section + nameof(TorchServeOptions.Enabled), "listen on TorchServe's ports too (8080, 8081, 8082, 7070, 7071), with its tokens") { Switch = "true" },
        new("--ts-config", null, "FILE", Section + nameof(TorchServeOptions.ConfigFile), "TorchServe's config.properties; means --torchserve"),
        new("--models", null, "MODEL…", Section + nameof(TorchServeOptions.LoadModels), "archives to serve at start: name=file.mar, file.mar or all") { Repeatable = true, TakesMany = true },
        new("--disable-token-auth", null, "", Section + nameof(TorchServeOptions.TokenAuthorization), "with --torchserve: ask for no tokens") { Switch = "false" },
        new("--enable-model-api", null, "", Section + nameof(TorchServeOptions.EnableModelApi), "with --torchserve: models may be registered and unregistered") { Switch = "true" },
        new("--ncs", null, "", Section + nameof(TorchServeOptions.KeepRegistered), "forget what TorchServe clients registered before") { Switch = "false" },
        new("--no-config-snapshots", null, "", Section + nameof(TorchServeOptions.KeepRegistered), "the same") { Switch = "false" },
        new("--start", null, "", "Granary:Ignored:Start", "accepted as torchserve takes it; changes nothing") { Switch = "true" },
        new("--foreground", null, "", "Granary:Ignored:Foreground", "accepted as torchserve takes it; the service always runs in the foreground") { Switch = "true" },
    ];
}

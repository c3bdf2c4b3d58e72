using System.Text.Json;
using Granary.Serving;

namespace Granary.Api.OpenInference.Http;

/// <summary><c>/v2/logging</c>.</summary>
internal sealed class LoggingEndpoints(V2LogSettings settings, JsonBody bodies)
{
    private const string Format = "default";

    /// <summary>What is logged.</summary>
    public Task GetAsync(HttpContext context) => WriteAsync(context, settings.State);

    /// <summary>Changes what is logged.</summary>
    public async Task SetAsync(HttpContext context)
    {
        bool? info = null, warning = null, error = null;
        int? verbose = null;
        foreach (var setting in (await bodies.ReadAsync(context)).EnumerateObject())
        {
            switch (setting.Name)
            {
                case "log_info":
                    info = Truth(setting);
                    break;
                case "log_warning":
                    warning = Truth(setting);
                    break;
                case "log_error":
                    error = Truth(setting);
                    break;
                case "log_verbose_level":
                    verbose = setting.Value.ValueKind == JsonValueKind.Number && setting.Value.TryGetInt32(out var level) ? level
                        : throw V2Errors.Invalid("log_verbose_level must be a whole number");
                    break;
                case "log_file":
                    throw new ServingException(ServingError.Unsupported, "log file location can not be updated through network protocol");
                case "log_format":
                    if (setting.Value.ValueKind != JsonValueKind.String || !setting.Value.ValueEquals(Format))
                        throw V2Errors.Invalid($"log_format can only be '{Format}' here; Logging:Console:FormatterName sets the form of the log at start");
                    break;
                default:
                    throw V2Errors.Invalid($"unexpected log setting '{setting.Name}'");
            }
        }

        await WriteAsync(context, settings.Update(info, warning, error, verbose));
    }

    private static bool Truth(JsonProperty setting) => setting.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? setting.Value.GetBoolean()
        : throw V2Errors.Invalid($"{setting.Name} must be true or false");

    private static Task WriteAsync(HttpContext context, V2LogState state) => JsonAnswer.WriteAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("log_file", "");
        json.WriteBoolean("log_info", state.Info);
        json.WriteBoolean("log_warning", state.Warning);
        json.WriteBoolean("log_error", state.Error);
        json.WriteNumber("log_verbose_level", state.Verbose);
        json.WriteString("log_format", Format);
        json.WriteEndObject();
    });
}

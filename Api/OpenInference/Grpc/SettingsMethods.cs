using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Serving;
using static Granary.Api.Grpc.Protos.LogSettingsRequest.Types.SettingValue;
using Answered = Granary.Api.Grpc.Protos.LogSettingsResponse.Types.SettingValue;
using Asked = Granary.Api.Grpc.Protos.LogSettingsRequest.Types.SettingValue;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>Settings of tracing and logging.</summary>
internal sealed class SettingsMethods(V2LogSettings log)
{
    private const string Format = "default";

    /// <summary>Tracing is by OpenTelemetry.</summary>
    public ValueTask<TraceSettingResponse> TraceAsync(TraceSettingRequest request, GrpcCall call) =>
        throw new ServingException(ServingError.Unsupported, "the server does not support tracing by this protocol; traces go out by OpenTelemetry");

    /// <summary>Changes what is asked for, if anything, and tells what is logged then.</summary>
    public ValueTask<LogSettingsResponse> LogAsync(LogSettingsRequest request, GrpcCall call)
    {
        bool? info = null, warning = null, error = null;
        int? verbose = null;
        foreach (var (name, value) in request.Settings)
        {
            switch (name)
            {
                case "log_info": info = Truth(name, value); break;
                case "log_warning": warning = Truth(name, value); break;
                case "log_error": error = Truth(name, value); break;
                case "log_verbose_level": verbose = (int)Math.Min(Require(name, value, ParameterChoiceOneofCase.Uint32Param, "uint32_param").Uint32Param, int.MaxValue); break;
                case "log_file": throw new ServingException(ServingError.Unsupported, "log file location can not be updated through network protocol");
                case "log_format": CheckFormat(value); break;
                default: throw V2Errors.Invalid($"unexpected log setting '{name}'");
            }
        }

        var state = request.Settings.Count == 0 ? log.State : log.Update(info, warning, error, verbose);
        return new ValueTask<LogSettingsResponse>(ToMessage(state));
    }

    private static LogSettingsResponse ToMessage(V2LogState state) => new()
    {
        Settings =
        {
            ["log_file"] = new Answered { StringParam = "" },
            ["log_info"] = new Answered { BoolParam = state.Info },
            ["log_warning"] = new Answered { BoolParam = state.Warning },
            ["log_error"] = new Answered { BoolParam = state.Error },
            ["log_verbose_level"] = new Answered { Uint32Param = (uint)state.Verbose },
            ["log_format"] = new Answered { StringParam = Format },
        },
    };

    private static void CheckFormat(Asked value)
    {
        if (Require("log_format", value, ParameterChoiceOneofCase.StringParam, "string_param").StringParam != Format)
            throw V2Errors.Invalid($"log_format can only be '{Format}' here; Logging:Console:FormatterName sets the form of the log at start");
    }

    private static bool Truth(string name, Asked value) => Require(name, value, ParameterChoiceOneofCase.BoolParam, "bool_param").BoolParam;

    private static Asked Require(string name, Asked value, ParameterChoiceOneofCase wanted, string expected) =>
        value.ParameterChoiceCase == wanted ? value : throw V2Errors.Invalid($"invalid value type for '{name}' log setting, expected {expected}.");
}

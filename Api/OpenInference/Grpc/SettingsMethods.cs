using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Serving;
using AnswerValue = Granary.Api.Grpc.Protos.LogSettingsResponse.Types.SettingValue;
using AskedValue = Granary.Api.Grpc.Protos.LogSettingsRequest.Types.SettingValue;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>Settings of tracing and logging.</summary>
internal sealed class SettingsMethods(V2LogSettings log)
{
    /// <summary>Tracing is by OpenTelemetry.</summary>
    public ValueTask<TraceSettingResponse> TraceAsync(TraceSettingRequest request, GrpcCall call) =>
        throw new ServingException(ServingError.Unsupported, "the server does not support tracing by this protocol; traces go out by OpenTelemetry");

    /// <summary>Tells what is logged; a request for what holds already is fine, every other one is refused.</summary>
    public ValueTask<LogSettingsResponse> LogAsync(LogSettingsRequest request, GrpcCall call)
    {
        var response = new LogSettingsResponse();
        foreach (var (name, value) in log.Read())
            response.Settings[name] = Message(value);
        foreach (var (name, asked) in request.Settings)
            V2LogSettings.Require(name, ValueOf(asked), log.Read());
        return new ValueTask<LogSettingsResponse>(response);
    }

    private static AnswerValue Message(object value) => value switch
    {
        bool flag => new AnswerValue { BoolParam = flag },
        uint level => new AnswerValue { Uint32Param = level },
        _ => new AnswerValue { StringParam = (string)value },
    };

    private static object? ValueOf(AskedValue value) => value.ParameterChoiceCase switch
    {
        AskedValue.ParameterChoiceOneofCase.BoolParam => value.BoolParam,
        AskedValue.ParameterChoiceOneofCase.Uint32Param => value.Uint32Param,
        AskedValue.ParameterChoiceOneofCase.StringParam => value.StringParam,
        _ => null,
    };
}

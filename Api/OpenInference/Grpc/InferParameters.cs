using Granary.Serving;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// What parameters of requests, inputs and outputs mean. What the protocol does not reserve is accepted and ignored, as over HTTP.
/// Source: triton-inference-server/server, <c>src/grpc/infer_handler.cc</c>, SetInferenceRequestMetadata.
/// </summary>
internal static class InferParameters
{
    private const string FinalResponse = "triton_enable_empty_final_response";

    /// <summary>Takes the parameters of a request over.</summary>
    /// <exception cref="ServingException">A reserved parameter of the wrong type, or one that this server does not do.</exception>
    public static void Apply(IReadOnlyDictionary<string, InferParameter>? parameters, V2Request request)
    {
        if (parameters is null)
            return;
        foreach (var (name, value) in parameters)
        {
            switch (name)
            {
                case "sequence_id":
                    Require(name, value.Kind is InferParameterKind.Int64 or InferParameterKind.UInt64 or InferParameterKind.String, "int64_param or string_param");
                    RefuseSequence(value);
                    break;
                case "sequence_start" or "sequence_end":
                    Require(name, value.Kind == InferParameterKind.Bool, "bool_param");
                    RefuseSequence(value);
                    break;
                case "priority":
                    Require(name, value.Kind is InferParameterKind.Int64 or InferParameterKind.UInt64, "int64_param or uint64_param");
                    request.Priority = value.Kind == InferParameterKind.Int64 ? (ulong)NotNegative(name, value) : value.Bits;
                    break;
                case "timeout":
                    Require(name, value.Kind == InferParameterKind.Int64, "int64_param");
                    request.TimeoutMicroseconds = NotNegative(name, value);
                    break;
                case FinalResponse:
                    Require(name, value.Kind == InferParameterKind.Bool, "bool_param");
                    break;
                default:
                    RefuseReserved(name);
                    break;
            }
        }
    }

    /// <summary>How many classes are wanted of an output instead of its numbers; 0 for the numbers.</summary>
    /// <exception cref="ServingException">A parameter of the wrong type, or one that this server does not do.</exception>
    public static int Classes(in InferWanted output)
    {
        RefuseSharedMemory(output.Parameters);
        if (output.Parameters is null || !output.Parameters.TryGetValue("classification", out var value))
            return 0;
        Require("classification", value.Kind == InferParameterKind.Int64, "int64_param");
        return (int)Math.Min(NotNegative("classification", value), int.MaxValue);
    }

    /// <summary>Refuses a tensor that is elsewhere.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>.</exception>
    public static void RefuseSharedMemory(IReadOnlyDictionary<string, InferParameter>? parameters)
    {
        if (parameters is not null && parameters.ContainsKey("shared_memory_region"))
            throw new ServingException(ServingError.Unsupported, "shared memory is not supported by this server; tensors travel in raw_input_contents and raw_output_contents");
    }

    private static void RefuseSequence(in InferParameter value)
    {
        if (!value.IsNothing)
            throw new ServingException(ServingError.Unsupported, "sequences are not supported by this server: TorchScript models keep no state between requests");
    }

    private static void RefuseReserved(string name)
    {
        if (name.StartsWith("triton_", StringComparison.Ordinal))
            throw V2Errors.Invalid($"parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting with 'triton_' are allowed: '{FinalResponse}'. Found '{name}'");
    }

    private static void Require(string name, bool fits, string expected)
    {
        if (!fits)
            throw V2Errors.Invalid($"invalid value type for '{name}' parameter, expected {expected}.");
    }

    private static long NotNegative(string name, in InferParameter value)
    {
        var number = (long)value.Bits;
        return number >= 0 ? number : throw V2Errors.Invalid($"parameter '{name}' is {number}; it must be 0 or more");
    }
}

using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// The <c>parameters</c> of a request and of a wanted output. What the protocol does not reserve is accepted and ignored, as by
/// Triton's PyTorch backend. Source: Triton, <c>docs/protocol/extension_parameters.md</c> and <c>extension_schedule_policy.md</c>.
/// </summary>
internal static class RequestParameters
{
    /// <summary>Reads the parameters of a request.</summary>
    /// <exception cref="ServingException">A reserved parameter of the wrong type, or one that this server does not do.</exception>
    public static void Read(ref JsonCursor cursor, V2Request request)
    {
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("binary_data_output"u8))
                request.BinaryOutputs = cursor.ReadBoolean();
            else if (name.Is("priority"u8))
                request.Priority = checked((ulong)NotNegative(ref cursor, "priority"));
            else if (name.Is("timeout"u8))
                request.TimeoutMicroseconds = NotNegative(ref cursor, "timeout");
            else if (name.Is("sequence_id"u8) || name.Is("sequence_start"u8) || name.Is("sequence_end"u8))
                Sequence(ref cursor);
            else if (name.Raw.StartsWith("triton_"u8))
                throw V2Errors.Invalid($"parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting with 'triton_' are allowed: 'triton_enable_empty_final_response'. Found '{name.ToString()}'");
            else
                cursor.SkipValue();
        }
    }

    /// <summary>Reads the parameters of a wanted output.</summary>
    public static (bool? Binary, int Classes) ReadOutput(ref JsonCursor cursor)
    {
        bool? binary = null;
        var classes = 0;
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("binary_data"u8))
                binary = cursor.ReadBoolean();
            else if (name.Is("classification"u8))
                classes = (int)Math.Min(NotNegative(ref cursor, "classification"), int.MaxValue);
            else if (name.Is("shared_memory_region"u8))
                throw new ServingException(ServingError.Unsupported, "shared memory is not supported by this server; ask for the output as JSON or in binary form");
            else
                cursor.SkipValue();
        }

        return (binary, classes);
    }

    // A request of no sequence may say so: clients send sequence_id 0.
    private static void Sequence(ref JsonCursor cursor)
    {
        var none = cursor.PeekKind() switch
        {
            JsonKind.Number => cursor.ReadInt64() == 0,
            JsonKind.True or JsonKind.False => !cursor.ReadBoolean(),
            JsonKind.String => cursor.ReadString().Length == 0,
            _ => false,
        };
        if (!none)
            throw new ServingException(ServingError.Unsupported, "sequences are not supported by this server: TorchScript models keep no state between requests");
    }

    private static long NotNegative(ref JsonCursor cursor, string name)
    {
        var number = cursor.ReadInt64();
        return number >= 0 ? number : throw V2Errors.Invalid($"parameter '{name}' is {number}; it must be 0 or more");
    }
}

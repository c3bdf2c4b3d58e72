using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Torch;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// Makes a request of the protocol out of a message: checks what gRPC alone can get wrong and copies each tensor once, so that the
/// message may go. Source: triton-inference-server/server, <c>src/grpc/infer_handler.h</c>.
/// </summary>
internal static class InferRequestBinder
{
    /// <summary>The request. Whoever gets it disposes it.</summary>
    /// <exception cref="ServingException">The message does not fit the protocol.</exception>
    public static V2Request Bind(InferMessage message)
    {
        var request = new V2Request { Id = message.Id, BinaryOutputs = true };
        try
        {
            InferParameters.Apply(message.Parameters, request);
            foreach (var output in message.Outputs)
                request.Outputs.Add(new V2Output(output.Name, true, InferParameters.Classes(output)));
            BindInputs(message, request);
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    private static void BindInputs(InferMessage message, V2Request request)
    {
        var raw = 0;
        foreach (var input in message.Inputs)
        {
            InferParameters.RefuseSharedMemory(input.Parameters);
            var datatype = DataTypes.FromWireName(input.Datatype)
                ?? throw V2Errors.Invalid($"invalid datatype '{input.Datatype}' for input '{input.Name}' for model '{message.ModelName}'");
            CheckShape(input, message.ModelName);
            var value = input.Contents is { } contents
                ? Explicit(message, input, datatype, contents)
                : Raw(message, input, datatype, ref raw);
            request.Inputs.Add(new V2Input(input.Name, datatype, input.Shape, value));
        }

        if (raw < message.Raw.Count)
            throw V2Errors.Invalid($"expected {raw} raw_input_contents for model '{message.ModelName}', one for each input in order, got {message.Raw.Count}");
    }

    private static Value Raw(InferMessage message, in InferTensor input, DataType datatype, ref int raw)
    {
        if (raw == message.Raw.Count)
            throw V2Errors.Invalid($"unable to find data for input tensor '{input.Name}' for model '{message.ModelName}' in request.");
        var bytes = message.Raw[raw++].Span;
        return datatype == DataType.String
            ? BytesElements.Read(bytes, Tensor.CountElements(input.Shape), input.Name)
            : BinaryPart.Copy(input.Name, datatype, input.Shape, bytes);
    }

    private static Value Explicit(InferMessage message, in InferTensor input, DataType datatype, ReadOnlyMemory<byte> contents)
    {
        if (message.Raw.Count > 0)
            throw V2Errors.Invalid($"contents field must not be specified when using raw_input_contents for '{input.Name}' for model '{message.ModelName}'");
        return datatype is DataType.Fp16 or DataType.Bf16
            ? throw V2Errors.Invalid($"input '{input.Name}' for model '{message.ModelName}' is {input.Datatype}, which has no contents field; send it in raw_input_contents")
            : InferContents.Read(contents, input.Name, message.ModelName, datatype, input.Shape);
    }

    private static void CheckShape(in InferTensor input, string model)
    {
        try
        {
            // Eight bytes an element at most: nothing later can overflow.
            _ = checked(Tensor.CountElements(input.Shape) * sizeof(ulong));
        }
        catch (OverflowException)
        {
            throw V2Errors.Invalid($"the shape [{string.Join(',', input.Shape)}] of input '{input.Name}' for model '{model}' is negative or has too many elements");
        }
    }
}

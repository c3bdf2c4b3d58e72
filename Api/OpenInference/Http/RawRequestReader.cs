using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Torch;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// A body that is nothing but the one input of a model (<c>Inference-Header-Content-Length: 0</c>): one row, at most one size to be
/// worked out, all outputs in binary form. Source: Triton, <c>docs/protocol/extension_binary_data.md</c>, "Raw Binary Request".
/// </summary>
internal static class RawRequestReader
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the model has several inputs or sizes that cannot be told.</exception>
    public static V2Request Read(ReadOnlySpan<byte> body, ServedModel model)
    {
        var inputs = model.Config.Input;
        if (inputs.Count != 1)
            throw V2Errors.Invalid($"Raw request must only have 1 input (found 1) to be deduced but got {inputs.Count} inputs in '{model.Config.Name}' model configuration");
        var input = inputs[0];
        var request = new V2Request { BinaryOutputs = true };
        var skip = model.Config.HasBatchDimension ? 1 : 0;
        var shape = new long[input.Dims.Count + skip];
        if (skip > 0)
            shape[0] = 1;
        for (var i = 0; i < input.Dims.Count; i++)
            shape[i + skip] = input.Dims[i];
        Value value = input.DataType == DataType.String ? Text(body, input, shape) : Numbers(body, model, input, shape);
        request.Inputs.Add(new V2Input(input.Name, input.DataType, shape, value));
        return request;
    }

    private static ListValue Text(ReadOnlySpan<byte> body, ModelInput input, long[] shape)
    {
        for (var i = 0; i < shape.Length; i++)
            shape[i] = shape[i] == -1 ? 1 : shape[i];
        return Tensor.CountElements(shape) == 1
            ? new ListValue([BytesElements.Element(body)])
            : throw V2Errors.Invalid($"For BYTES datatype raw input '{input.Name}', the model must have input shape [1]");
    }

    private static Tensor Numbers(ReadOnlySpan<byte> body, ServedModel model, ModelInput input, long[] shape)
    {
        var open = -1;
        long known = input.DataType.ToDType()!.Value.ElementSize();
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] != -1)
                known = checked(known * shape[i]);
            else if (open >= 0)
                throw V2Errors.Invalid($"The shape of the raw input '{input.Name}' can not be deduced because there are more than one variable-sized dimension");
            else
                open = i;
        }

        if (open >= 0 && (known == 0 || body.Length % known != 0))
            throw V2Errors.Invalid($"The shape of the raw input '{input.Name}' of model '{model.Config.Name}' can not be deduced: {body.Length} bytes are no multiple of {known}");
        if (open >= 0)
            shape[open] = body.Length / known;
        return BinaryPart.Copy(input.Name, input.DataType, shape, body);
    }
}

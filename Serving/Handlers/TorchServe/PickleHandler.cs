using Granary.Serving.Formats.Pickles;
using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>
/// TorchServe's <c>TorchScriptHandler</c> of the runtime LSP: <c>data</c>, else <c>body</c>, is a tensor as <c>torch.save</c> writes it
/// and is one row; the answer is a row in the same form. Source: <c>cpp/src/backends/handler/base_handler.cc</c>. The pickle is read
/// by the safe reader: nothing in it is run.
/// </summary>
internal sealed class PickleHandler : IHandler
{
    /// <inheritdoc/>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, out object? note)
    {
        note = null;
        if (RequestBody.Of(inputs) is not { } body)
            return inputs;
        if (RequestBody.Data(body) is not Tensor { DType: DType.UInt8, Shape.Length: 1 } bytes)
            throw new ServingException(ServingError.InvalidArgument, "the body is not bytes; send a tensor as torch.save writes it");
        note = RequestBody.OneRow;
        using var row = TensorPickle.Read(bytes.Bytes);
        return [new Argument(null, Numbers.Convert(row, row.DType, [1, .. row.Shape]))];
    }

    /// <inheritdoc/>
    public Value Postprocess(Value result, object? note)
    {
        if (note != RequestBody.OneRow)
            return result;
        return Rows.First(result) is Tensor row
            ? TensorPickle.Write(row)
            : throw new ServingException(ServingError.ModelFailed, $"handler 'torchserve-pickle' takes one tensor, but the model returned a {result.Kind}");
    }
}

using System.Text;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Handlers.TorchServe;
using Granary.Torch;

namespace Granary.Serving.Handlers.Persia;

/// <summary>
/// Persia's handler for TorchServe, natively: the parameter <c>batch</c> is decoded, its ids become embeddings, and
/// <c>forward(dense: List[Tensor], embeddings: List[Tensor])</c> runs; the answer is one flat list.
/// Source: PersiaML/PERSIA, <c>examples/src/adult-income/serve_handler.py</c> and <c>persia/ctx.py</c>, method prepare_features.
/// </summary>
internal sealed class PersiaHandler(HandlerContext context) : IHandler
{
    private const string Parameter = "batch";

    /// <inheritdoc/>
    public bool IsAsynchronous => true;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Argument>> PreprocessAsync(IReadOnlyList<Argument> inputs, CancellationToken cancellation)
    {
        var embeddings = context.Embeddings ?? throw new ServingException(ServingError.Unavailable,
            $"model '{context.Definition.Name}' wants embeddings, and this server has none: start it with --persia-embedding-config (docs/persia.md)");
        if (inputs.Count == 2 && inputs[0].Value is ListValue && inputs[1].Value is ListValue)
            return inputs;
        using var batch = Read(inputs);
        var sparse = await embeddings.LookupAsync(batch, cancellation);
        // The batch goes with this call; its tensors must not.
        return [new Argument(null, new ListValue([.. batch.Dense.Select(static tensor => tensor.Share())])), new Argument(null, new ListValue([.. sparse]))];
    }

    /// <inheritdoc/>
    public Value Postprocess(Value result) => result is Tensor tensor
        ? new Tensor(tensor.DType, [tensor.ElementCount], tensor.Data, null)
        : throw new ServingException(ServingError.ModelFailed, $"handler 'persia' takes one tensor, but the model returned a {result.Kind}");

    private static PersiaBatch Read(IReadOnlyList<Argument> inputs)
    {
        var value = inputs is [{ Value: DictValue body }]
            ? RequestBody.Find(body, Parameter) ?? RequestBody.Find(body, "body") ?? RequestBody.Find(body, "data")
            : inputs is [{ Value: var only }] ? only : null;
        return value switch
        {
            Tensor { DType: DType.UInt8 } bytes => Read(bytes.Bytes),
            StringValue text => Read(Encoding.UTF8.GetBytes(text.Text)),
            _ => throw new ServingException(ServingError.InvalidArgument, "the request has no parameter 'batch' with the bytes of a PersiaBatch, or a batch as JSON: {\"dense\": […], \"sparse\": [{\"name\": …, \"ids\": [[…]]}]}"),
        };
    }

    private static PersiaBatch Read(ReadOnlySpan<byte> bytes) =>
        bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] ? PersiaBatchJson.Read(bytes) : PersiaBatchReader.Read(bytes);
}

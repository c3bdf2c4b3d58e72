using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>
/// TorchServe's <c>base_handler</c>: what a request holds becomes one row of a tensor, and the answer is that row. Source:
/// <c>ts/torch_handler/base_handler.py</c>, whose <c>torch.as_tensor(data)</c> makes a batch of the requests' values. Arguments that do
/// not fill a <c>Tensor</c> of the model's signature are handed over as they are; so are arguments of other protocols.
/// </summary>
internal sealed class BaseHandler(HandlerContext context) : IHandler
{
    private static readonly string[] DataNames = ["data", "body"];

    /// <inheritdoc/>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, out object? note)
    {
        note = null;
        if (RequestBody.Of(inputs) is not { } body)
            return inputs;
        var named = ByName(body) ? body : null;
        if (named is null && RequestBody.Data(body) is var data)
        {
            if (data is not DictValue values || !ByName(values))
                return [new Argument(null, Convert(0, data, ref note))];
            named = values;
        }

        var arguments = new Argument[named!.Entries.Count];
        try
        {
            for (var i = 0; i < arguments.Length; i++)
            {
                var name = ((StringValue)named.Entries[i].Key).Text;
                arguments[i] = new Argument(name, Convert(IndexOf(name), named.Entries[i].Value, ref note));
            }
        }
        catch
        {
            foreach (var argument in arguments)
                argument.Value?.Dispose();
            throw;
        }

        return arguments;
    }

    /// <inheritdoc/>
    public Value Postprocess(Value result, object? note) => note == RequestBody.OneRow ? Rows.First(result) : result;

    private Value Convert(int input, Value value, ref object? note)
    {
        if (TypeOf(input) is not (null or "Tensor" or "Optional[Tensor]"))
            return value.Share();
        var tensor = BodyTensor.Of(value, input < context.Definition.Inputs.Count ? context.Definition.Inputs[input] : null, out var isRow);
        if (isRow)
            note = RequestBody.OneRow;
        return tensor;
    }

    /// <summary>Whether every parameter is an input of the model, so that none is called <c>data</c> or <c>body</c> by the protocol only.</summary>
    private bool ByName(DictValue body)
    {
        if (body.Entries.Count == 0)
            return false;
        foreach (var (key, _) in body.Entries)
        {
            if (key is not StringValue name || IndexOf(name.Text) < 0)
                return false;
        }

        // One parameter of the usual name is the first input, whatever that is called.
        return body.Entries is not [{ Key: StringValue only }] || !DataNames.Contains(only.Text, StringComparer.Ordinal);
    }

    private int IndexOf(string name)
    {
        var inputs = context.Definition.Inputs;
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Name == name)
                return i;
        }

        for (var i = 0; i < (context.Forward?.Arguments.Count ?? 0); i++)
        {
            if (context.Forward!.Arguments[i].Name == name)
                return i;
        }

        return -1;
    }

    private string? TypeOf(int input) => context.Forward is { } forward && input < forward.Arguments.Count ? forward.Arguments[input].Type : null;
}

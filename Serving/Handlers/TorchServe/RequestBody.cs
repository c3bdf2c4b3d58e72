using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>What a TorchServe request holds: one dictionary from parameter name to value, of which handlers read <c>data</c>, else <c>body</c>.</summary>
internal static class RequestBody
{
    /// <summary>The note of a request that is one row, as every request of TorchServe is; its answer is that row.</summary>
    public static readonly object OneRow = new();

    /// <summary>The parameters of a request; null when the arguments are of another protocol: tensors that are ready for the model.</summary>
    public static DictValue? Of(IReadOnlyList<Argument> inputs) => inputs is [{ Name: null, Value: DictValue body }] ? body : null;

    /// <summary>The value that a handler of one input works on.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: neither parameter is there.</exception>
    public static Value Data(DictValue body) => Find(body, "data") ?? Find(body, "body")
        ?? throw new ServingException(ServingError.InvalidArgument, $"the request has no parameter 'data' or 'body'; it has {Names(body)}");

    /// <summary>A parameter by its name.</summary>
    public static Value? Find(DictValue body, string name)
    {
        foreach (var (key, value) in body.Entries)
        {
            if (key is StringValue text && text.Text == name)
                return value;
        }

        return null;
    }

    private static string Names(DictValue body) => body.Entries.Count == 0
        ? "none"
        : string.Join(", ", body.Entries.Take(8).Select(static entry => entry.Key is StringValue text ? Models.ModelIdText.Quote(text.Text) : entry.Key.Kind));
}

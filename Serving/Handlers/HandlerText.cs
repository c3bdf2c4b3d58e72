using Granary.Serving.Models;

namespace Granary.Serving.Handlers;

/// <summary>
/// A chain as one line, for places that hold text only: handlers with semicolons between them, each a name or
/// <c>name: parameter=value parameter=value</c>. Values hold no space and no semicolon.
/// </summary>
internal static class HandlerText
{
    /// <summary>Reads a line such as <c>image: resize=256 crop=224; softmax</c>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: says what is malformed. Names and values are not checked here.</exception>
    public static IReadOnlyList<HandlerSpec> Parse(string text)
    {
        var specs = new List<HandlerSpec>();
        foreach (var part in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = part.IndexOf(':');
            var name = (colon < 0 ? part : part[..colon]).Trim();
            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
                throw Wrong($"{ModelIdText.Quote(part)} does not begin with the name of a handler and a colon");
            specs.Add(colon < 0 ? new HandlerSpec(name) : new HandlerSpec(name, ReadParameters(name, part[(colon + 1)..])));
        }

        return specs;
    }

    private static Dictionary<string, string> ReadParameters(string handler, string text)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = word.IndexOf('=');
            if (equals <= 0)
                throw Wrong($"{ModelIdText.Quote(word)} of handler '{handler}' is not parameter=value");
            if (!parameters.TryAdd(word[..equals], word[(equals + 1)..]))
                throw Wrong($"handler '{handler}' has the parameter {ModelIdText.Quote(word.AsSpan(0, equals))} twice");
        }

        return parameters;
    }

    private static ServingException Wrong(string what) =>
        new(ServingError.InvalidArgument, $"handlers: {what}; expected such as \"image: resize=256 crop=224; softmax\"");
}

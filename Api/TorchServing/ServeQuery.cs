using System.Collections.Concurrent;
using Granary.Serving.Servables;
using Microsoft.AspNetCore.WebUtilities;

namespace Granary.Api.TorchServing;

/// <summary>What a query string asks for: a model, or why it asks for none.</summary>
/// <param name="Identifier">The model; null when <paramref name="Error"/> is set.</param>
/// <param name="Error">torch-serving's description of the mistake.</param>
internal sealed record ServeQuery(ServableIdentifier? Identifier, string? Error)
{
    private const string Parameter = "servable_identifier";

    /// <summary>Reads a query string; names count with their case, as httplib compares them.</summary>
    public static ServeQuery Parse(string query)
    {
        string? found = null;
        foreach (var pair in new QueryStringEnumerable(query))
        {
            if (!pair.DecodeName().Span.SequenceEqual(Parameter))
                continue;
            if (found is not null)
                return new ServeQuery(null, ServeErrors.RepeatedIdentifier);
            found = pair.DecodeValue().ToString();
        }

        return found is null ? new ServeQuery(null, ServeErrors.MissingIdentifier) : new ServeQuery(ServableIdentifier.Parse(found), null);
    }
}

/// <summary>Remembers query strings, so that one that comes again costs a look-up. Bounded; safe for concurrent use.</summary>
internal sealed class ServeQueryCache
{
    private const int MaxEntries = 1024;
    private const int MaxLength = 1024;
    private readonly ConcurrentDictionary<string, ServeQuery> _known = new(StringComparer.Ordinal);

    /// <summary>What a query string asks for.</summary>
    public ServeQuery Find(string query)
    {
        if (_known.TryGetValue(query, out var known))
            return known;
        var parsed = ServeQuery.Parse(query);
        if (query.Length > MaxLength || parsed.Identifier is null)
            return parsed;
        // Clients that send ever new names must not fill the memory; starting afresh is cheap.
        if (_known.Count >= MaxEntries)
            _known.Clear();
        return _known.GetOrAdd(query, parsed);
    }
}

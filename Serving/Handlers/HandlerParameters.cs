using System.Globalization;
using Granary.Serving.Models;

namespace Granary.Serving.Handlers;

/// <summary>Reads the parameters of one handler and collects every fault.</summary>
internal sealed class HandlerParameters(HandlerSpec spec, List<string> faults)
{
    private const int MaxShown = 8;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The text of a parameter; null when it is not given.</summary>
    public string? Text(string name)
    {
        _known.Add(name);
        return spec.Parameters.GetValueOrDefault(name);
    }

    /// <summary>One of some words; the first when it is not given.</summary>
    public string OneOf(string name, params ReadOnlySpan<string> words)
    {
        var text = Text(name);
        if (text is null || words.Contains(text))
            return text ?? words[0];
        Fault(name, $"one of {string.Join(", ", words)}");
        return words[0];
    }

    /// <summary>A whole number.</summary>
    public int Integer(string name, int otherwise, int least, int most)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        Fault(name, $"a whole number from {least} to {most}");
        return otherwise;
    }

    /// <summary>One whole number, or two with a comma between them; empty when it is not given.</summary>
    public int[] Sizes(string name, int most)
    {
        if (Text(name) is not { } text)
            return [];
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var sizes = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts.Length > 2 || !int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out sizes[i]) || sizes[i] < 1 || sizes[i] > most)
            {
                Fault(name, $"a size from 1 to {most}, or height,width");
                return [];
            }
        }

        return sizes;
    }

    /// <summary>A number for each channel; one number counts for all.</summary>
    public float[] Channels(string name, float otherwise, int channels, Func<float, bool> allowed, string rule)
    {
        var result = new float[channels];
        Array.Fill(result, otherwise);
        if (Text(name) is not { } text)
            return result;
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var good = parts.Length == 1 || parts.Length == channels;
        for (var i = 0; good && i < channels; i++)
        {
            good = float.TryParse(parts[parts.Length == 1 ? 0 : i], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && float.IsFinite(number) && allowed(number);
            result[i] = number;
        }

        if (!good)
            Fault(name, $"1 or {channels} {rule} with commas between them");
        return result;
    }

    /// <summary>Finds fault with a parameter that was given.</summary>
    public void Refuse(string name, string rule) => Fault(name, rule);

    /// <summary>Finds fault with joining: what the handler makes of requests cannot be laid one behind the other.</summary>
    public void RefuseJoining(ModelDefinition definition)
    {
        if (definition.Batching.MaxBatchSize > 1)
            faults.Add($"requests of handler '{spec.Name}' cannot be joined, but Batching.MaxBatchSize is {definition.Batching.MaxBatchSize}: 0 or 1");
    }

    /// <summary>Finds fault with every parameter that nobody asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (var name in spec.Parameters.Keys)
        {
            if (!_known.Contains(name))
                faults.Add($"handler '{spec.Name}' has no parameter {ModelIdText.Quote(name)}; it has {(_known.Count == 0 ? "none" : string.Join(", ", _known.Order(StringComparer.Ordinal).Take(MaxShown)))}");
        }
    }

    private void Fault(string name, string rule) => faults.Add($"{name} of handler '{spec.Name}' is {ModelIdText.Quote(spec.Parameters[name])}: {rule}");
}

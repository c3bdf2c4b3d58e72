using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Granary.Api.Tests.Telemetry;

/// <summary>
/// A strict reader of the Prometheus text format 0.0.4: it refuses whatever the format's page does not allow, series that come
/// twice, families that are torn apart, and histograms that do not add up.
/// </summary>
internal sealed partial class PrometheusPage
{
    private static readonly string[] Types = ["counter", "gauge", "histogram", "summary", "untyped"];
    private readonly Dictionary<string, string> _types = [];
    private readonly Dictionary<string, double> _samples = [];
    private string? _family;

    private PrometheusPage(string text)
    {
        Require(text.EndsWith('\n'), "the last line ends in a line feed");
        Require(!text.Contains('\r'), "lines end in a line feed alone");
        foreach (var line in text[..^1].Split('\n'))
            ReadLine(line);
        foreach (var (family, type) in _types)
        {
            if (type == "histogram")
                CheckHistogram(family);
        }
    }

    public static PrometheusPage Parse(string text) => new(text);

    /// <summary>Type by family.</summary>
    public IReadOnlyDictionary<string, string> Families => _types;

    /// <summary>Value by series, written as <c>name{label="value",…}</c> with labels sorted and values not escaped.</summary>
    public IReadOnlyDictionary<string, double> Samples => _samples;

    private void ReadLine(string line)
    {
        if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            ReadHelp(line);
        else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            ReadType(line);
        else
            ReadSample(line);
    }

    private void ReadHelp(string line)
    {
        var match = Help().Match(line);
        Require(match.Success, line);
        _family = match.Groups[1].Value;
        Require(!_types.ContainsKey(_family), $"family {_family} comes once");
    }

    private void ReadType(string line)
    {
        var match = Type().Match(line);
        Require(match.Success && Types.Contains(match.Groups[2].Value), line);
        Require(match.Groups[1].Value == _family, $"TYPE follows HELP of the same family: {line}");
        Require(_types.TryAdd(_family!, match.Groups[2].Value), $"family {_family} comes once");
        if (match.Groups[2].Value == "counter")
            // Triton's names are older than that rule, which is only a recommendation.
            Require(_family!.EndsWith("_total", StringComparison.Ordinal) || _family.StartsWith("nv_", StringComparison.Ordinal), $"counter {_family} ends in _total");
    }

    private void ReadSample(string line)
    {
        var match = Sample().Match(line);
        Require(match.Success, $"not a sample: {line}");
        var name = match.Groups[1].Value;
        Require(_family is not null && _types.ContainsKey(_family), $"a header precedes {line}");
        Require(name == _family || Suffixes(_types[_family!]).Any(suffix => name == _family + suffix), $"{name} belongs to family {_family}");
        var labels = ReadLabels(match.Groups[2].Value);
        Require(labels.Select(label => label.Name).Distinct().Count() == labels.Count, $"labels come once: {line}");
        var series = Series(name, labels);
        var value = match.Groups[3].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            var number => double.Parse(number, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture),
        };
        Require(_samples.TryAdd(series, value), $"series {series} comes once");
    }

    private static string[] Suffixes(string type) => type switch
    {
        "histogram" => ["_bucket", "_sum", "_count"],
        "summary" => ["_sum", "_count"],
        _ => [],
    };

    private static List<(string Name, string Value)> ReadLabels(string text)
    {
        List<(string, string)> labels = [];
        while (text.Length > 0)
        {
            var match = Label().Match(text);
            Require(match.Success, $"not labels: {text}");
            labels.Add((match.Groups[1].Value, Unescape(match.Groups[2].Value)));
            text = text[match.Length..];
            if (text.Length == 0)
                break;
            Require(text.Length > 1 && text[0] == ',', $"a comma between labels: {text}");
            text = text[1..];
        }

        return labels;
    }

    private static string Unescape(string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] != '\\')
                text.Append(value[i]);
            else
                text.Append(value[++i] == 'n' ? '\n' : value[i]);
        }

        return text.ToString();
    }

    private static string Series(string name, IEnumerable<(string Name, string Value)> labels)
    {
        var inner = string.Join(',', labels.OrderBy(label => label.Name, StringComparer.Ordinal).Select(label => $"{label.Name}=\"{label.Value}\""));
        return inner.Length == 0 ? name : $"{name}{{{inner}}}";
    }

    private void CheckHistogram(string family)
    {
        var buckets = _samples.Where(sample => sample.Key.StartsWith(family + "_bucket{", StringComparison.Ordinal))
            .GroupBy(sample => Bound().Replace(sample.Key, "").Replace("_bucket", "").Replace("{}", "").Replace(",}", "}"));
        foreach (var series in buckets)
        {
            var counts = series.Select(sample => (Bound: ParseBound(Bound().Match(sample.Key).Groups[1].Value), Count: sample.Value)).ToList();
            Require(counts.Zip(counts.Skip(1)).All(pair => pair.First.Bound < pair.Second.Bound && pair.First.Count <= pair.Second.Count), $"buckets of {series.Key} ascend");
            Require(counts[^1].Bound == double.PositiveInfinity, $"{series.Key} has a +Inf bucket");
            Require(counts[^1].Count == _samples[series.Key.Insert(family.Length, "_count")], $"the +Inf bucket of {series.Key} is its count");
            Require(_samples.ContainsKey(series.Key.Insert(family.Length, "_sum")), $"{series.Key} has a sum");
        }
    }

    private static double ParseBound(string bound) => bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture);

    private static void Require(bool condition, string rule)
    {
        if (!condition)
            throw new FormatException(rule);
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ([^\\]|\\\\|\\n)+$")]
    private static partial Regex Help();

    [GeneratedRegex(@"^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (\w+)$")]
    private static partial Regex Type();

    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\S+)$")]
    private static partial Regex Sample();

    [GeneratedRegex("^([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"")]
    private static partial Regex Label();

    [GeneratedRegex("le=\"([^\"]*)\",?")]
    private static partial Regex Bound();
}

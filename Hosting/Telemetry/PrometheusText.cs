using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Granary.Hosting.Telemetry;

/// <summary>
/// Writes the Prometheus text exposition format 0.0.4 straight into a pipe. All samples of a family follow its header; whoever
/// calls sees to it that no series comes twice. Source: prometheus.io/docs/instrumenting/exposition_formats.
/// </summary>
internal sealed class PrometheusText(PipeWriter output)
{
    /// <summary>The media type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const int MaxNumberBytes = 32;

    /// <summary>Starts a family of samples.</summary>
    /// <param name="name">Metric name; ends in <c>_total</c> for a counter.</param>
    /// <param name="type"><c>counter</c>, <c>gauge</c>, <c>histogram</c> or <c>summary</c>.</param>
    /// <param name="help">One sentence without line breaks or backslashes.</param>
    public void Family(string name, string type, string help)
    {
        Append("# HELP ");
        Append(name);
        Append(" ");
        Append(help);
        Append("\n# TYPE ");
        Append(name);
        Append(" ");
        Append(type);
        Append("\n");
    }

    /// <summary>A family with one sample and no labels.</summary>
    public void Single(string name, string type, string help, double value)
    {
        Family(name, type, help);
        Sample(name, "", value);
    }

    /// <summary>One sample; <paramref name="labels"/> comes from <see cref="Label"/>, joined with commas, or is empty.</summary>
    public void Sample(string name, string labels, double value)
    {
        Series(name, "", labels);
        Number(value);
        Append("\n");
    }

    /// <summary>The samples of one histogram series.</summary>
    /// <param name="name">Name of the family.</param>
    /// <param name="labels">As for <see cref="Sample"/>.</param>
    /// <param name="bounds">Upper bounds in the unit of the name, ascending, without infinity.</param>
    /// <param name="counts">Observations a bucket, not accumulated; one more than bounds, the last one being the overflow.</param>
    /// <param name="sum">Sum of all observations.</param>
    public void Histogram(string name, string labels, IReadOnlyList<double> bounds, IReadOnlyList<long> counts, double sum)
    {
        var prefix = labels.Length == 0 ? "" : labels + ",";
        long total = 0;
        for (var i = 0; i < counts.Count; i++)
        {
            total += counts[i];
            Series(name, "_bucket", prefix + Label("le", i < bounds.Count ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf"));
            Number(total);
            Append("\n");
        }

        Series(name, "_sum", labels);
        Number(sum);
        Append("\n");
        Series(name, "_count", labels);
        Number(total);
        Append("\n");
    }

    /// <summary>A label with its value escaped.</summary>
    public static string Label(string name, string value)
    {
        if (value.AsSpan().ContainsAny('\\', '"', '\n'))
            value = value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
        return $"{name}=\"{value}\"";
    }

    private void Series(string name, string suffix, string labels)
    {
        Append(name);
        Append(suffix);
        if (labels.Length > 0)
        {
            Append("{");
            Append(labels);
            Append("}");
        }

        Append(" ");
    }

    private void Number(double value)
    {
        if (double.IsInfinity(value))
        {
            Append(value > 0 ? "+Inf" : "-Inf");
            return;
        }

        value.TryFormat(output.GetSpan(MaxNumberBytes), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }

    private void Append(string text)
    {
        var written = Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length)));
        output.Advance(written);
    }
}

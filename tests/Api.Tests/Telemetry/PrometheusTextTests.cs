using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Granary.Api.Tests.Telemetry;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Sample_Labels_OneLineEach() => Assert.Equal(
        "# HELP x_total Counts.\n# TYPE x_total counter\nx_total 1\nx_total{a=\"b\",c=\"d\"} 0.25\n",
        Write(text =>
        {
            text.Single("x_total", "counter", "Counts.", 1);
            text.Sample("x_total", $"{PrometheusText.Label("a", "b")},{PrometheusText.Label("c", "d")}", 0.25);
        }));

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(9007199254740991, "9007199254740991")]
    [InlineData(1e-6, "1E-06")]
    [InlineData(-double.Epsilon, "-5E-324")]
    public void Sample_Numbers_AsTheFormatWritesThem(double value, string expected) =>
        Assert.Equal($"x {expected}\n", Write(text => text.Sample("x", "", value)));

    [Fact]
    public void Sample_AnyNumber_ReadBackToTheLastBit() =>
        Prop.ForAll<double>(value =>
        {
            var line = Write(text => text.Sample("x", "", value));
            var read = line[2..^1] switch
            {
                "+Inf" => double.PositiveInfinity,
                "-Inf" => double.NegativeInfinity,
                var number => double.Parse(number, CultureInfo.InvariantCulture),
            };
            return BitConverter.DoubleToInt64Bits(read) == BitConverter.DoubleToInt64Bits(value);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Label_AnyText_ReadBack() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>().Filter(value => !value.Get.Contains('\r') && Valid(value.Get)), value =>
        {
            var page = PrometheusPage.Parse("# HELP x y\n# TYPE x gauge\n" + Write(text => text.Sample("x", PrometheusText.Label("l", value.Get), 1)));
            return page.Samples.ContainsKey($"x{{l=\"{value.Get}\"}}");
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Histogram_Counts_Accumulated() => Assert.Equal(
        "h_bucket{m=\"a\",le=\"0.001\"} 2\nh_bucket{m=\"a\",le=\"2.5\"} 2\nh_bucket{m=\"a\",le=\"+Inf\"} 5\nh_sum{m=\"a\"} 7.5\nh_count{m=\"a\"} 5\n",
        Write(text => text.Histogram("h", PrometheusText.Label("m", "a"), [0.001, 2.5], [2, 0, 3], 7.5)));

    [Fact]
    public void Histogram_NoLabels_OnlyBound() => Assert.Equal(
        "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 0.5\nh_count 1\n",
        Write(text => text.Histogram("h", "", [1], [1, 0], 0.5)));

    private static bool Valid(string text)
    {
        // Half a surrogate pair has no UTF-8 form.
        return text == Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }

    private static string Write(Action<PrometheusText> write)
    {
        using var stream = new MemoryStream();
        var pipe = PipeWriter.Create(stream);
        write(new PrometheusText(pipe));
        pipe.Complete();
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}

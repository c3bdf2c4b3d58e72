namespace Granary.Api.Tests.Telemetry;

/// <summary>The reader that judges the metrics page must itself refuse what the format forbids.</summary>
public sealed class PrometheusPageTests
{
    private const string Header = "# HELP a_total x\n# TYPE a_total counter\n";
    private const string Histogram = "# HELP h x\n# TYPE h histogram\n";

    [Fact]
    public void Parse_EscapedLabels_Unescaped() =>
        Assert.Equal(2, PrometheusPage.Parse(Header + "a_total{q=\"\\\"\\\\\\n\"} 2\n").Samples["a_total{q=\"\"\\\n\"}"]);

    [Theory]
    [InlineData(Header + "a_total 1")]
    [InlineData(Header + "a_total 1\na_total 2\n")]
    [InlineData(Header + "a_total{x=\"1\",y=\"2\"} 1\na_total{y=\"2\",x=\"1\"} 2\n")]
    [InlineData(Header + "a_total{x=\"1\",x=\"2\"} 1\n")]
    [InlineData(Header + "a_total{x=\"1\",} 1\n")]
    [InlineData(Header + "a_total{} 1\n")]
    [InlineData(Header + "a_total{x=\"a\"b\"} 1\n")]
    [InlineData(Header + "a_total{x=1} 1\n")]
    [InlineData(Header + "a_total one\n")]
    [InlineData(Header + "b_total 1\n")]
    [InlineData(Header + Header)]
    [InlineData("a_total 1\n")]
    [InlineData("# HELP a x\n# TYPE a counter\na 1\n")]
    [InlineData(Histogram + "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n")]
    [InlineData(Histogram + "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n")]
    [InlineData(Histogram + "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 1\n")]
    public void Parse_AgainstTheFormat_Refused(string text) => Assert.ThrowsAny<Exception>(() => PrometheusPage.Parse(text));
}

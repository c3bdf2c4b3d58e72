using System.IO.Pipelines;
using System.Text;
using Granary.Torch;

namespace Granary.Api.Tests.Telemetry;

public sealed class TritonHostMetricsTests
{
    [Theory]
    // user nice system idle iowait irq softirq steal guest guest_nice
    [InlineData("cpu  10 20 30 400 50 6 7 8 9 1\ncpu0 1 2 3\n", 81L, 531L)]
    [InlineData("cpu 1 2 3 4 5", 6L, 15L)]
    public void ParseTimes_FirstLine_BusyAndTotal(string text, long busy, long total) =>
        Assert.Equal((busy, total), TritonHostMetrics.ParseTimes(text));

    [Theory]
    [InlineData("")]
    [InlineData("cpu0 1 2 3 4 5")]
    [InlineData("cpu 1 2 3 4")]
    [InlineData("cpu 1 2 x 4 5")]
    public void ParseTimes_SomethingElse_Null(string text) => Assert.Null(TritonHostMetrics.ParseTimes(text));

    [Fact]
    public void ParseMemory_Lines_InBytes()
    {
        const string Text = "MemTotal:       16384 kB\nMemAvailable:   1 kB\nOdd\n";

        Assert.Equal(16384 * 1024, TritonHostMetrics.ParseMemory(Text, "MemTotal"));
        Assert.Equal(1024, TritonHostMetrics.ParseMemory(Text, "MemAvailable"));
        Assert.Null(TritonHostMetrics.ParseMemory(Text, "MemFree"));
    }

    [Fact]
    public async Task Write_Gpus_UsedMemoryOnlyWhereItIsKnown()
    {
        var pipe = new Pipe();
        TritonHostMetrics.Write(new PrometheusText(pipe.Writer), [new GpuInfo(0, "a", 100, 30), new GpuInfo(1, "b", 200, null)]);
        await pipe.Writer.CompleteAsync();
        using var reader = new StreamReader(pipe.Reader.AsStream(), Encoding.UTF8);
        var page = PrometheusPage.Parse(await reader.ReadToEndAsync());

        Assert.Equal((100, 200, 70), (page.Samples["nv_gpu_memory_total_bytes{gpu=\"0\"}"], page.Samples["nv_gpu_memory_total_bytes{gpu=\"1\"}"], page.Samples["nv_gpu_memory_used_bytes{gpu=\"0\"}"]));
        Assert.DoesNotContain("nv_gpu_memory_used_bytes{gpu=\"1\"}", page.Samples.Keys);
    }
}

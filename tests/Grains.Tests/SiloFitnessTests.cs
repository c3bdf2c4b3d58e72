using Granary.Grains.Interfaces.Clusters;
using Granary.Grains.Interfaces.Contracts;
using Granary.Serving.Models;

namespace Granary.Grains.Tests;

public sealed class SiloFitnessTests
{
    private static readonly ModelKey Key = new("m", "1");

    [Theory]
    [InlineData("cuda", true, 10, true, 5, true)]
    [InlineData("none", true, 10, true, 5, false)]
    [InlineData("cuda", true, 4, true, 5, false)]
    [InlineData("cuda", false, 10, true, 5, false)]
    [InlineData("none", true, 0, false, 5, true)]
    [InlineData("none", true, 0, false, 500, false)]
    public void CanHold_AcceleratorRoomAndWill_DecideTogether(string accelerator, bool accepting, long freeGpu, bool needs, long bytes, bool expected) =>
        Assert.Equal(expected, SiloFitness.CanHold(Silo(accelerator, accepting, freeGpu), needs, bytes));

    [Fact]
    public void Missing_EveryReason_IsNamed()
    {
        Assert.Contains("no silo has reported", SiloFitness.Missing([], Key, false, 0), StringComparison.Ordinal);
        Assert.Contains("none of the 1 silos has one", SiloFitness.Missing([Silo("none", true, 0)], Key, true, 0), StringComparison.Ordinal);
        Assert.Contains("draining", SiloFitness.Missing([Silo("none", false, 0)], Key, false, 0), StringComparison.Ordinal);
        Assert.Contains("1,000 bytes", SiloFitness.Missing([Silo("none", true, 0)], Key, false, 1000), StringComparison.Ordinal);
        Assert.Null(SiloFitness.Missing([Silo("none", true, 0)], Key, false, 100));
    }

    [Theory]
    [InlineData(0, 2, 1, 0)]
    [InlineData(1, 2, 1, 1)]
    [InlineData(2, 2, 2, 1)]
    [InlineData(5, 2, 2, 3)]
    [InlineData(5, 0, 1, 5)]
    public void ReplicasAndShare_InstancesOverSilos_CoverThem(int instances, int silos, int replicas, int share)
    {
        var reports = Enumerable.Range(0, silos).Select(_ => Silo("none", true, 0)).ToList();

        Assert.Equal(replicas, SiloFitness.Replicas(reports, instances, needsAccelerator: false));
        Assert.Equal(share, SiloFitness.Share(instances, replicas));
    }

    [Theory]
    [InlineData("m/1", "m", "1", 0)]
    [InlineData("m/12#3", "m", "12", 3)]
    [InlineData("local/a#b.pt/0", "local/a#b.pt", "0", 0)]
    [InlineData("huggingface/o/n:f.pt/0#2", "huggingface/o/n:f.pt", "0", 2)]
    public void ReplicaKeys_RoundTrip(string text, string name, string version, int replica)
    {
        Assert.Equal((new ModelKey(name, version), replica), ReplicaKeys.Parse(text));
        Assert.Equal(text, ReplicaKeys.Format(new ModelKey(name, version), replica));
    }

    [Theory]
    [InlineData("m/1#")]
    [InlineData("m/1#0")]
    [InlineData("m/1#-1")]
    [InlineData("m/1#x")]
    [InlineData("m")]
    public void ReplicaKeys_NoKey_IsRefused(string text) => Assert.Throws<ServingException>(() => ReplicaKeys.Parse(text));

    private static SiloReport Silo(string accelerator, bool accepting, long freeGpu) => new()
    {
        Silo = "127.0.0.1:1@1",
        Name = "one",
        Accelerator = accelerator,
        Accepting = accepting,
        FreeMemoryBytes = 100,
        FreeAcceleratorBytes = freeGpu,
    };
}

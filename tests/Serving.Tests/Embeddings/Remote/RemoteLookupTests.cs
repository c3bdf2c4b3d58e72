using System.Buffers.Binary;
using Granary.Serving.Embeddings.Remote;
using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Remote;

public sealed class RemoteLookupTests
{
    [Fact]
    public void Request_OneServer_IsTheVector()
    {
        using var lookup = new RemoteLookup(new[] { new RowGroup(new ulong[] { 7 }, 2, new float[2]), new RowGroup(new ulong[] { 9 }, 2, new float[2]) }, 1);
        Assert.Equal("02000000070000000000000002000000000000000900000000000000020000000000000000", Convert.ToHexStringLower(lookup.Request(0).Span));
        Assert.Equal(21, lookup.Answer(0).Length);
    }

    [Fact]
    public void Scatter_AnAnswer_ReachesTheGroups()
    {
        var (first, second) = (new float[2], new float[2]);
        using var lookup = new RemoteLookup(new[] { new RowGroup(new ulong[] { 7 }, 2, first), new RowGroup(new ulong[] { 9 }, 2, second) }, 1);
        Convert.FromHexString("01040000000000003f000000bf0000803f00000040").CopyTo(lookup.Answer(0));
        lookup.Scatter();
        Assert.Equal([0.5f, -0.5f], first);
        Assert.Equal([1f, 2f], second);
    }

    [Fact]
    public void Request_FourServers_EachSignIsWhereFarmhashPutsIt()
    {
        var signs = Enumerable.Range(0, 1000).Select(static i => (ulong)i * 7919).ToArray();
        using var lookup = new RemoteLookup(new[] { new RowGroup(signs, 3, new float[3000]) }, 4);
        var found = new HashSet<ulong>();
        for (var server = 0; server < 4; server++)
        {
            using var request = LookupRequest.ReadMixed(lookup.Request(server).Span);
            Assert.False(request.IsTraining);
            Assert.Equal(5 + (request.Elements * 4), lookup.Answer(server).Length);
            foreach (var sign in request.Signs.ToArray())
            {
                Assert.Equal((ulong)server, FarmHash.Hash64(sign) % 4);
                Assert.True(found.Add(sign));
            }
        }

        Assert.Equal(signs.Length, found.Count);
    }

    [Fact]
    public void Request_AServerWithoutSigns_IsEmpty()
    {
        using var lookup = new RemoteLookup(new[] { new RowGroup(new ulong[] { 7 }, 2, new float[2]) }, 64);
        Assert.Equal(1, Enumerable.Range(0, 64).Count(server => !lookup.Request(server).IsEmpty));
        Assert.Equal(1, BinaryPrimitives.ReadInt32LittleEndian(lookup.Request((int)(FarmHash.Hash64(7) % 64)).Span));
    }
}

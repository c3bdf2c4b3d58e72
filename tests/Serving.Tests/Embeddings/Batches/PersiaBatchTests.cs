using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Embeddings.Batches;
using Granary.Torch;

namespace Granary.Serving.Tests.Embeddings.Batches;

/// <summary>Vectors of an independent encoder, written from the rules: dense [[1],[2]], feature "a" with ids [[7],[7,9]].</summary>
public sealed class PersiaBatchTests
{
    private const string V2 = "010000000000000002000000020000000000803f0000004002000000020000000000000001000000000000000200000001000000000000000100000000000000010500000064656e736500000000000100000000010000000100000061020000000700000000000000020000000000000001000000090000000000000001000000010001000200000001000000020000000200000007000000000000000000000000000000090000000000000001000000000000000200000000000000000000";
    private const string V1 = "0100000000000000020000000000803f000000400200000002000000000000000100000000000000010000000001000000010000006102000000070000000000000002000000000000000100000009000000000000000100000001000100020000000100000002000000020000000700000000000000000000000000000009000000000000000100000000000000020000000000000000000000000000";
    private const string V0 = "0100000000000000020000000000803f0000004002000000020000000000000001000000000000000200000001000000010000006102000000070000000000000002000000000000000100000009000000000000000100000001000100020000000100000002000000020000000700000000000000000000000000000009000000000000000100000000000000020000000000000000000000000000";

    [Theory]
    [InlineData(V2, BatchDialect.V2)]
    [InlineData(V1, BatchDialect.V1)]
    [InlineData(V0, BatchDialect.V0)]
    public void Read_TheVector_GivesItsContent(string hex, BatchDialect dialect)
    {
        using var batch = PersiaBatchReader.Read(Convert.FromHexString(hex));
        Assert.Equal(dialect, batch.Dialect);
        var dense = Assert.Single(batch.Dense);
        Assert.Equal((DType.Float32, "2,1", "1 2"), (dense.DType, string.Join(',', dense.Shape.ToArray()), string.Join(' ', dense.As<float>().ToArray())));
        Assert.Empty(batch.Labels);
        var feature = Assert.Single(batch.Features);
        Assert.Equal(("a", 2), (feature.Name, feature.BatchSize));
        Assert.Equal([7, 9], feature.Signs.ToArray());
        Assert.Equal([2, 3], feature.Ends.ToArray());
        Assert.Equal([new SignPlace(0, 0), new SignPlace(1, 0), new SignPlace(1, 1)], feature.Places.ToArray());
        Assert.Equal([1u, 2u], feature.SampleSignCounts.ToArray());
    }

    [Theory]
    [InlineData(V2, BatchDialect.V2)]
    [InlineData(V1, BatchDialect.V1)]
    [InlineData(V0, BatchDialect.V0)]
    public void ToBytes_TheVectorsContent_IsTheVector(string hex, BatchDialect dialect)
    {
        var bytes = new PersiaBatchBuilder().AddDense("dense", [2, 1], [1, 2]).AddSparse("a", [[7], [7, 9]]).ToBytes(dialect);
        Assert.Equal(hex, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void RoundTrip_AnyBatch_IsTheSame() => Prop.ForAll(
        (from samples in Gen.Choose(0, 12)
         from ids in Gen.ArrayOf(Gen.ArrayOf(Gen.Choose(0, 9).Select(static id => (ulong)id * 0x1234_5678_9abcUL)), samples)
         from width in Gen.Choose(0, 5)
         from dialect in Gen.Elements(BatchDialect.V0, BatchDialect.V1, BatchDialect.V2)
         select (ids, width, dialect)).ToArbitrary(),
        static given =>
        {
            var (ids, width, dialect) = given;
            var dense = Enumerable.Range(0, ids.Length * width).Select(static i => i * 0.25f).ToArray();
            var bytes = new PersiaBatchBuilder().AddDense("d", [ids.Length, width], dense).AddSparse("é", ids).AddSparse("b", ids).ToBytes(dialect);
            using var batch = PersiaBatchReader.Read(bytes);
            Assert.Equal(dialect, batch.Dialect);
            Assert.Equal(dense, batch.Dense[0].As<float>().ToArray());
            Assert.Equal(["é", "b"], batch.Features.Select(static feature => feature.Name));
            Assert.All(batch.Features, feature => Assert.Equal(ids, Samples(feature)));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(V2)]
    [InlineData(V1)]
    [InlineData(V0)]
    public void Read_EveryTruncation_IsRefused(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(ServingError.InvalidArgument, Assert.Throws<ServingException>(() => PersiaBatchReader.Read(bytes.AsSpan(0, length))).Error);
        Assert.Throws<ServingException>(() => PersiaBatchReader.Read([.. bytes, 0]));
    }

    [Theory]
    [InlineData(V2)]
    [InlineData(V1)]
    [InlineData(V0)]
    public void Read_EveryByteChanged_IsReadOrRefused(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var value in (byte[])[0, 1, 2, 127, 128, 255])
            {
                var changed = (byte[])bytes.Clone();
                changed[i] = value;
                try
                {
                    PersiaBatchReader.Read(changed).Dispose();
                }
                catch (ServingException exception)
                {
                    Assert.Equal(ServingError.InvalidArgument, exception.Error);
                }
            }
        }
    }

    [Theory]
    [InlineData("ffffffff", "byte 0: 4294967295 items of at least 26 bytes do not fit into the 0 bytes that follow")]
    [InlineData("0000000003000000", "byte 4: the kind of the sparse features is 3; expected 0 to 2")]
    [InlineData("00000000020000000000000000000000", "the batch refers to features that another server holds")]
    public void Read_WhatIsWrong_IsSaid(string hex, string message) =>
        Assert.Contains(message, Assert.Throws<ServingException>(() => PersiaBatchReader.Read(Convert.FromHexString(hex))).Message);

    [Fact]
    public void Read_Json_IsTheSameBatch()
    {
        using var batch = PersiaBatchJson.Read("""{"dense": [[1], [2]], "sparse": [{"name": "a", "ids": [[7], [7, 18446744073709551615]]}, {"ids": [[], []], "name": "b"}]}"""u8);
        Assert.Equal("2,1", string.Join(',', Assert.Single(batch.Dense).Shape.ToArray()));
        Assert.Equal([[7UL], [7, ulong.MaxValue]], Samples(batch.Features[0]));
        Assert.Equal([[], []], Samples(batch.Features[1]));
        using var two = PersiaBatchJson.Read("""{"dense": [[[1], [2]], [[3, 4], [5, 6]]]}"""u8);
        Assert.Equal(["2,1", "2,2"], two.Dense.Select(static tensor => string.Join(',', tensor.Shape.ToArray())));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"dense\": [[1], [2, 3]]}")]
    [InlineData("{\"sparse\": [{\"name\": \"a\"}]}")]
    [InlineData("{\"sparse\": [{\"ids\": [[1]]}]}")]
    [InlineData("{\"sparse\": [{\"name\": \"a\", \"ids\": [[-1]]}]}")]
    [InlineData("{\"sparse\": [{\"name\": \"a\", \"ids\": [[1.5]]}]}")]
    [InlineData("{\"sparse\": [{\"name\": \"a\", \"ids\": [[18446744073709551616]]}]}")]
    [InlineData("{\"sparse\": [{\"name\": \"a\", \"ids\": [1]}]}")]
    [InlineData("{\"sparse\": [{\"name\": \"a\", \"ids\": [[1]], \"more\": 1}]}")]
    [InlineData("{\"other\": 1}")]
    [InlineData("{\"dense\": [[1]]")]
    public void Read_WrongJson_IsRefused(string json) =>
        Assert.Equal(ServingError.InvalidArgument, Assert.Throws<ServingException>(() => PersiaBatchJson.Read(System.Text.Encoding.UTF8.GetBytes(json))).Error);

    private static ulong[][] Samples(FeatureBatch feature)
    {
        var samples = feature.SampleSignCounts.ToArray().Select(static count => new ulong[count]).ToArray();
        var start = 0;
        for (var i = 0; i < feature.SignCount; start = feature.Ends[i++])
        {
            foreach (var place in feature.Places[start..feature.Ends[i]])
                samples[place.Sample][place.Column] = feature.Signs[i];
        }

        return samples;
    }
}

using System.Text;

namespace Granary.Api.Tests.Persia;

/// <summary>What a Persia handler reads from a worker's answer, item by item.</summary>
/// <param name="Name">Of the feature.</param>
/// <param name="Shape">Of the matrix.</param>
/// <param name="Values">float16, row by row.</param>
/// <param name="Index">Null when summed.</param>
/// <param name="Counts">Null when summed.</param>
internal sealed record DecodedFeature(string Name, long[] Shape, Half[] Values, long[]? Index, long[]? Counts);

/// <summary>Decodes <c>Result&lt;EmbeddingBatch></c> without a line of the service's.</summary>
internal static class SlowDecoder
{
    public static List<DecodedFeature> Decode(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        Assert.Equal(1, reader.ReadByte());
        var features = new List<DecodedFeature>();
        for (var left = reader.ReadUInt32(); left > 0; left--)
        {
            var tag = reader.ReadUInt32();
            var name = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32()));
            var shape = Longs(reader);
            var values = new Half[reader.ReadUInt32()];
            for (var i = 0; i < values.Length; i++)
                values[i] = reader.ReadHalf();
            Assert.Equal(2, shape.Length);
            Assert.Equal(shape[0] * shape[1], values.Length);
            Assert.True(tag <= 1);
            features.Add(tag == 0 ? new(name, shape, values, Longs(reader), Longs(reader)) : new(name, shape, values, null, null));
        }

        // No reference for gradients, and nothing more.
        Assert.Equal(0, reader.ReadByte());
        Assert.Equal(bytes.Length, reader.BaseStream.Position);
        return features;
    }

    private static long[] Longs(BinaryReader reader)
    {
        var values = new long[reader.ReadUInt32()];
        for (var i = 0; i < values.Length; i++)
            values[i] = reader.ReadInt64();
        return values;
    }
}

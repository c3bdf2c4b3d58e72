using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Granary.Serving.Embeddings.Speedy;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>Reads one feature; all dialects write it alike.</summary>
internal static class FeatureReader
{
    /// <summary>The least that a feature takes: five counts and the number of samples.</summary>
    public const int LeastBytes = (4 * sizeof(uint)) + sizeof(ushort);

    private const int SignBytes = sizeof(ulong) + sizeof(uint);
    private const int PlaceBytes = 2 * sizeof(ushort);
    private const int PositionBytes = 2 * sizeof(ulong);

    /// <summary>Reads a feature and checks that what it says of itself fits together.</summary>
    /// <returns>What the caller disposes.</returns>
    public static FeatureBatch Read(ref SpeedyReader reader)
    {
        var name = reader.ReadString();
        var start = reader;
        var signs = reader.ReadCount(SignBytes);
        var places = SkipPlaces(ref reader, signs);
        var countsAt = reader.Offset;
        var samples = reader.ReadCount(sizeof(uint));
        var counts = reader.ReadElements(samples, sizeof(uint));
        // Where each id stands among the distinct ones, for gradients.
        reader.ReadElements(reader.ReadCount(PositionBytes), PositionBytes);
        var batchSize = reader.ReadUInt16();
        if (samples != batchSize)
            throw new SpeedyException(countsAt, $"feature '{name}' counts the ids of {samples} samples, but has {batchSize}");
        var feature = new FeatureBatch(name, batchSize, signs, places);
        try
        {
            MemoryMarshal.Cast<byte, uint>(counts).CopyTo(feature.CountsToFill);
            start.ReadCount(SignBytes);
            Fill(ref start, feature);
            return feature;
        }
        catch
        {
            feature.Dispose();
            throw;
        }
    }

    // Counts what there is, so that the arrays are made once and no larger than what is there.
    private static int SkipPlaces(ref SpeedyReader reader, int signs)
    {
        var places = 0;
        for (var i = 0; i < signs; i++)
        {
            reader.Take(sizeof(ulong));
            var count = reader.ReadCount(PlaceBytes);
            reader.Take(count * PlaceBytes);
            places += count;
        }

        return places;
    }

    private static void Fill(ref SpeedyReader reader, FeatureBatch feature)
    {
        var signs = feature.SignsToFill;
        var ends = feature.EndsToFill;
        var places = feature.PlacesToFill;
        var end = 0;
        for (var i = 0; i < signs.Length; i++)
        {
            signs[i] = reader.ReadUInt64();
            var count = (int)reader.ReadUInt32();
            var offset = reader.Offset;
            var bytes = reader.Take(count * PlaceBytes);
            for (var j = 0; j < count; j++)
            {
                var sample = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(j * PlaceBytes)..]);
                if (sample >= feature.BatchSize)
                    throw new SpeedyException(offset + (j * PlaceBytes), $"feature '{feature.Name}' has an id in sample {sample} of {feature.BatchSize}");
                places[end++] = new SignPlace(sample, BinaryPrimitives.ReadUInt16LittleEndian(bytes[((j * PlaceBytes) + sizeof(ushort))..]));
            }

            ends[i] = end;
        }
    }
}

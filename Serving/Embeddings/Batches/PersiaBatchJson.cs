using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>
/// Reads a batch that people can write: <c>{"dense": [[[0.1, 0.2], …], …], "sparse": [{"name": "a", "ids": [[7], [7, 9]]}]}</c>. <c>dense</c>
/// is a list of tensors <c>[batch, …]</c> of float32, or one such tensor if it has two dimensions.
/// </summary>
public static class PersiaBatchJson
{
    private const int MatrixDepth = 2;

    /// <summary>Reads all the text.</summary>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it is not that; says where.</exception>
    public static PersiaBatch Read(ReadOnlySpan<byte> json)
    {
        var dense = new List<Tensor>();
        var features = new List<FeatureBatch>();
        var cursor = new JsonCursor(json);
        try
        {
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
            {
                if (name.Is("dense"u8))
                    ReadDense(ref cursor, dense);
                else if (name.Is("sparse"u8))
                    ReadSparse(ref cursor, features);
                else
                    throw Invalid($"the batch has no member '{name.ToString()}'; it has dense and sparse");
            }

            cursor.End();
            return new PersiaBatch(dense, features, [], BatchDialect.V2);
        }
        catch
        {
            new PersiaBatch(dense, features, [], BatchDialect.V2).Dispose();
            throw;
        }
    }

    private static void ReadDense(ref JsonCursor cursor, List<Tensor> dense)
    {
        if (DepthOf(cursor) <= MatrixDepth)
        {
            dense.Add(JsonTensorReader.ReadNested(ref cursor, DType.Float32));
            return;
        }

        cursor.BeginArray();
        while (cursor.NextItem())
            dense.Add(JsonTensorReader.ReadNested(ref cursor, DType.Float32));
    }

    // How many lists begin before the first number. The cursor is a copy.
    private static int DepthOf(JsonCursor cursor)
    {
        var depth = 0;
        while (depth <= MatrixDepth && cursor.PeekKind() == JsonKind.Array)
        {
            depth++;
            cursor.BeginArray();
            if (!cursor.NextItem())
                break;
        }

        return depth;
    }

    private static void ReadSparse(ref JsonCursor cursor, List<FeatureBatch> features)
    {
        cursor.BeginArray();
        while (cursor.NextItem())
        {
            string? name = null;
            List<List<ulong>>? samples = null;
            cursor.BeginObject();
            while (cursor.NextProperty(out var property))
            {
                if (property.Is("name"u8))
                    name = cursor.ReadString();
                else if (property.Is("ids"u8))
                    samples = ReadIds(ref cursor);
                else
                    throw Invalid($"a sparse feature has no member '{property.ToString()}'; it has name and ids");
            }

            if (name is null || samples is null)
                throw Invalid($"a sparse feature has no {(name is null ? "name" : $"ids ('{name}')")}; expected {{\"name\": \"a\", \"ids\": [[7], [7, 9]]}}");
            features.Add(Make(name, samples));
        }
    }

    private static List<List<ulong>> ReadIds(ref JsonCursor cursor)
    {
        var samples = new List<List<ulong>>();
        cursor.BeginArray();
        while (cursor.NextItem())
        {
            var ids = new List<ulong>();
            cursor.BeginArray();
            while (cursor.NextItem())
                ids.Add(ReadId(ref cursor));
            samples.Add(ids);
        }

        return samples;
    }

    // Ids have 64 bits without a sign, more than most numbers of JSON.
    private static ulong ReadId(ref JsonCursor cursor)
    {
        var raw = cursor.ReadRaw();
        return System.Buffers.Text.Utf8Parser.TryParse(raw, out ulong id, out var used) && used == raw.Length
            ? id
            : throw Invalid($"an id is {System.Text.Encoding.UTF8.GetString(raw[..Math.Min(raw.Length, 40)])}; expected a whole number from 0 to {ulong.MaxValue}");
    }

    private static FeatureBatch Make(string name, List<List<ulong>> samples)
    {
        if (samples.Count > ushort.MaxValue || samples.Exists(static sample => sample.Count > ushort.MaxValue))
            throw Invalid($"feature '{name}' has more than {ushort.MaxValue} samples, or ids in one sample");
        var places = new SignPlaces(samples);
        var feature = new FeatureBatch(name, samples.Count, places.Signs.Length, samples.Sum(static sample => sample.Count));
        places.Signs.CopyTo(feature.SignsToFill);
        var end = 0;
        for (var i = 0; i < places.Signs.Length; i++)
        {
            var found = places[places.Signs[i]];
            found.CopyTo(feature.PlacesToFill[end..]);
            feature.EndsToFill[i] = end += found.Length;
        }

        for (var i = 0; i < samples.Count; i++)
            feature.CountsToFill[i] = (uint)samples[i].Count;
        return feature;
    }

    private static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);
}

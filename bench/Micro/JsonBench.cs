using System.Text.Json;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Bench.Micro;

/// <summary>Our JSON reader and writer against System.Text.Json's on one contiguous buffer.</summary>
internal static class JsonBench
{
    private const string Indent = ",\n              ";

    public static void Run(int rounds)
    {
        Console.WriteLine($"{"read",-44} {"ours",13} {"Utf8Json…",13} {"ratio",8}");
        Floats("cifar float32, indented", Bodies.Floats(3072, Indent, Printed.Double), DType.Float32, rounds);
        Floats("cifar float32, \", \"", Bodies.Floats(3072, ", ", Printed.Double), DType.Float32, rounds);
        Floats("cifar float32 of widened singles, \", \"", Bodies.Floats(3072, ", ", Printed.WidenedSingle), DType.Float32, rounds);
        Floats("cifar float32 of short singles, \", \"", Bodies.Floats(3072, ", ", Printed.ShortSingle), DType.Float32, rounds);
        Floats("cifar float64, indented", Bodies.Floats(3072, Indent, Printed.Double), DType.Float64, rounds);
        Floats("cifar float64, \", \"", Bodies.Floats(3072, ", ", Printed.Double), DType.Float64, rounds);
        Floats("resnet float32, compact", Bodies.Floats(150528, ",", Printed.Double), DType.Float32, rounds);
        Floats("68 float64", Bodies.Floats(68, ", ", Printed.Double), DType.Float64, rounds);
        Floats("8 float64", Bodies.Floats(8, ", ", Printed.Double), DType.Float64, rounds);
        var pixels = Bodies.Pixels(3072);
        Measure.Compare("3072 pixels to float32", rounds, () => Ours(pixels, DType.Float32), () => TheirSingles(pixels, new float[3072]));
        Measure.Compare("3072 pixels to uint8", rounds, () => Ours(pixels, DType.UInt8), () => TheirSingles(pixels, new float[3072]));
        var skipped = Bodies.Floats(3072, Indent, Printed.Double);
        Measure.Compare("cifar, skipped", rounds, () => new JsonCursor(skipped).SkipValue(), () => TheirSkip(skipped));
        var seen = Bodies.Floats(3072, ", ", Printed.Double);
        Measure.Compare("cifar \", \", skipped", rounds, () => new JsonCursor(seen).SkipValue(), () => TheirSkip(seen));
    }

    private static void Floats(string name, byte[] body, DType dtype, int rounds)
    {
        var singles = new float[200_000];
        var doubles = new double[200_000];
        Measure.Compare(
            $"{name} ({body.Length / 1000.0:F1} KB)",
            rounds,
            () => Ours(body, dtype),
            dtype == DType.Float32 ? () => TheirSingles(body, singles) : () => TheirDoubles(body, doubles));
    }

    private static void Ours(byte[] body, DType dtype)
    {
        var cursor = new JsonCursor(body);
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (!name.Is("data"u8))
            {
                cursor.SkipValue();
                continue;
            }

            cursor.BeginObject();
            while (cursor.NextProperty(out name))
            {
                if (name.Is("values"u8))
                    JsonTensorReader.ReadNested(ref cursor, dtype).Dispose();
                else
                    cursor.SkipValue();
            }
        }

        cursor.End();
    }

    private static void TheirSkip(byte[] body)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        reader.Skip();
    }

    private static void TheirSingles(byte[] body, float[] destination)
    {
        var reader = new Utf8JsonReader(body);
        var count = 0;
        var depth = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartArray)
                depth++;
            else if (reader.TokenType == JsonTokenType.Number && depth > 0)
                destination[count++] = reader.GetSingle();
        }
    }

    private static void TheirDoubles(byte[] body, double[] destination)
    {
        var reader = new Utf8JsonReader(body);
        var count = 0;
        var depth = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartArray)
                depth++;
            else if (reader.TokenType == JsonTokenType.Number && depth > 0)
                destination[count++] = reader.GetDouble();
        }
    }
}

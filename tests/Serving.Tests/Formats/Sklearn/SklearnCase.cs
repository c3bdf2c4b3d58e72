using System.Text.Json;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>A tensor as make_models.py writes it; every value as a double.</summary>
public sealed record SklearnTensor(string Dtype, long[] Shape, double[] Values)
{
    /// <summary>The first rows of it, as a tensor for a call.</summary>
    public Tensor ToTensor(int rows)
    {
        long[] shape = [rows, .. Shape[1..]];
        var values = Values[..(int)Tensor.CountElements(shape)];
        return Dtype switch
        {
            "float64" => Tensor.From<double>(DType.Float64, shape, values),
            "float32" => Tensor.From<float>(DType.Float32, shape, Array.ConvertAll(values, value => (float)value)),
            "int64" => Tensor.From<long>(DType.Int64, shape, Array.ConvertAll(values, value => (long)value)),
            _ => throw new NotSupportedException(Dtype),
        };
    }
}

/// <summary>One call of a model and what scikit-learn answers, a list when it has one answer for each output.</summary>
public sealed record SklearnCase(string Method, SklearnTensor Input, SklearnTensor[] Expected, bool List, double Tolerance)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public int Rows => (int)Input.Shape[0];

    /// <summary>The cases beside a model's file.</summary>
    public static SklearnCase[] Of(string model) => JsonSerializer.Deserialize<SklearnCase[]>(File.ReadAllText(Path.ChangeExtension(model, ".json")), Json)!;

    /// <summary>Calls the model with the first rows and compares.</summary>
    /// <returns>The largest difference, relative to values above one.</returns>
    public double Compare(ScriptModule module, int rows)
    {
        using var input = Input.ToTensor(rows);
        using var result = module.Invoke(Method, [new Argument(null, input)]);
        Tensor[] actual = List ? [.. Assert.IsType<ListValue>(result.Value).Items.Cast<Tensor>()] : [Assert.IsType<Tensor>(result.Value)];
        Assert.Equal(Expected.Length, actual.Length);
        return Expected.Zip(actual).Max(pair => Compare(pair.First, pair.Second, rows));
    }

    private static double Compare(SklearnTensor expected, Tensor actual, int rows)
    {
        long[] shape = [rows, .. expected.Shape[1..]];
        Assert.Equal(shape, actual.Shape.ToArray());
        Assert.Equal(expected.Dtype, actual.DType.TorchName());
        var largest = 0.0;
        for (var i = 0; i < actual.ElementCount; i++)
        {
            var (right, given) = (expected.Values[i], At(actual, i));
            if (right.Equals(given))
                continue;
            var difference = Math.Abs(right - given) / Math.Max(1, Math.Abs(right));
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }

        return largest;
    }

    private static double At(Tensor tensor, int index) => tensor.DType switch
    {
        DType.Float64 => tensor.As<double>()[index],
        DType.Float32 => tensor.As<float>()[index],
        DType.Int64 => tensor.As<long>()[index],
        DType.Bool => tensor.As<byte>()[index],
        _ => throw new NotSupportedException(tensor.DType.TorchName()),
    };
}

using System.Globalization;
using System.Numerics;
using Granary.Torch;

namespace Granary.Grains.Tests.Support;

/// <summary>Values of every kind, and a text form to compare them by.</summary>
internal static class Samples
{
    public static Value Everything() => new TupleValue(
        [
            NoneValue.Instance,
            new IntValue(long.MinValue),
            new DoubleValue(double.NaN),
            new ComplexValue(new Complex(1.5, -2)),
            new BoolValue(true),
            new BoolValue(false),
            new StringValue("Grüße, 世界 \0"),
            new StringValue(""),
            new ListValue([]),
            new ListValue([new ListValue([new IntValue(1)]), new ListValue([])]),
            new TupleValue([]),
            new DictValue([new(new StringValue("a"), Tensor.From<float>(DType.Float32, [2, 1], [1f, 2f])), new(new IntValue(7), NoneValue.Instance)]),
            Tensor.From<long>(DType.Int64, [], [42]),
            Tensor.Rent(DType.Float64, [0, 3]),
            Tensor.From<ushort>(DType.BFloat16, [3], [1, 2, 3]),
        ],
        "Sample",
        Enumerable.Range(0, 15).Select(i => $"field{i}").ToArray());

    public static string Print(Value value) => value switch
    {
        Tensor tensor => $"{tensor.DType}[{string.Join(',', tensor.Shape.ToArray())}]{Convert.ToHexString(tensor.Bytes)}",
        IntValue number => number.Number.ToString(CultureInfo.InvariantCulture),
        DoubleValue number => BitConverter.DoubleToInt64Bits(number.Number).ToString("x", CultureInfo.InvariantCulture),
        ComplexValue number => number.Number.ToString(CultureInfo.InvariantCulture),
        BoolValue truth => truth.Truth.ToString(),
        StringValue text => $"'{text.Text}'",
        ListValue list => $"[{string.Join(' ', list.Items.Select(Print))}]",
        TupleValue tuple => $"{tuple.TypeName}({string.Join(' ', tuple.Items.Select(Print))})<{string.Join(' ', tuple.Names ?? [])}>",
        DictValue dict => $"{{{string.Join(' ', dict.Entries.Select(entry => Print(entry.Key) + ":" + Print(entry.Value)))}}}",
        _ => value.Kind,
    };
}

using System.Globalization;
using System.Text;
using Granary.Torch;

namespace Granary.Serving.Tests.Support;

/// <summary>Prints a value completely: equal texts mean equal kinds, names, dtypes, shapes and bits.</summary>
internal static class Show
{
    public static string Of(Value value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private static void Write(StringBuilder text, Value value)
    {
        switch (value)
        {
            case Tensor tensor:
                text.Append($"{tensor.DType.TorchName()}[{string.Join(',', tensor.Shape.ToArray())}]:{Elements(tensor)}");
                break;
            case IntValue number:
                text.Append(number.Number);
                break;
            case DoubleValue number:
                text.Append(Number(number.Number));
                break;
            case ComplexValue number:
                text.Append(CultureInfo.InvariantCulture, $"({Number(number.Number.Real)},{Number(number.Number.Imaginary)}i)");
                break;
            case BoolValue truth:
                text.Append(truth.Truth ? "True" : "False");
                break;
            case StringValue words:
                text.Append('\'').Append(words.Text).Append('\'');
                break;
            case NoneValue:
                text.Append("None");
                break;
            case ListValue list:
                Items(text, "[", list.Items, "]");
                break;
            case TupleValue { Names: { } names } tuple:
                text.Append(tuple.TypeName).Append('{').AppendJoin(',', names).Append('}');
                Items(text, "(", tuple.Items, ")");
                break;
            case TupleValue tuple:
                Items(text, "(", tuple.Items, ")");
                break;
            case DictValue dict:
                text.Append('{');
                foreach (var (key, item) in dict.Entries)
                {
                    Write(text, key);
                    text.Append(':');
                    Write(text, item);
                    text.Append(';');
                }

                text.Append('}');
                break;
            default:
                throw new InvalidOperationException(value.Kind);
        }
    }

    private static void Items(StringBuilder text, string open, IReadOnlyList<Value> items, string close)
    {
        text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            text.Append(i == 0 ? "" : ",");
            Write(text, items[i]);
        }

        text.Append(close);
    }

    private static string Elements(Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => string.Join(' ', tensor.As<float>().ToArray().Select(item => Number(item))),
        DType.Float64 => string.Join(' ', tensor.As<double>().ToArray().Select(Number)),
        DType.Int64 => string.Join(' ', tensor.As<long>().ToArray()),
        _ => Convert.ToHexString(tensor.Bytes),
    };

    // A float keeps its point, so that an int cannot pass for it.
    private static string Number(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny(".EN∞I") < 0 ? text + ".0" : text;
    }
}

using System.Buffers;
using System.Buffers.Text;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Http;

/// <summary>
/// JSON to values for handlers: texts, numbers, objects as dictionaries, lists of numbers as tensors, and
/// <c>{"b64": "…"}</c> as the bytes it stands for (a uint8 tensor), as TensorFlow Serving has it.
/// </summary>
/// <param name="numbers">What lists of numbers become; null for bool, int64 or float32, as <c>torch.tensor</c> chooses.</param>
internal readonly ref struct JsonValues(DType? numbers)
{
    private static readonly SearchValues<byte> NumberLists = SearchValues.Create("0123456789+-.eE,[] \t\r\nNaIfinty"u8);

    /// <summary>Reads a list.</summary>
    public ListValue ReadList(ref JsonCursor cursor)
    {
        var items = new List<Value>();
        try
        {
            cursor.BeginArray();
            while (cursor.NextItem())
                items.Add(Read(ref cursor));
            return new ListValue(items);
        }
        catch
        {
            Dispose(items);
            throw;
        }
    }

    /// <summary>Reads any value.</summary>
    public Value Read(ref JsonCursor cursor)
    {
        switch (cursor.PeekKind())
        {
            case JsonKind.String:
                return new StringValue(cursor.ReadString());
            case JsonKind.Object:
                return ReadObject(ref cursor);
            case JsonKind.Array:
                return IsOfNumbers(cursor) ? JsonTensorReader.ReadNested(ref cursor, numbers) : ReadList(ref cursor);
            case JsonKind.Number:
                return new DoubleValue(cursor.ReadDouble());
            case JsonKind.Null:
                cursor.TryReadNull();
                return NoneValue.Instance;
            default:
                return new BoolValue(cursor.ReadBoolean());
        }
    }

    private Value ReadObject(ref JsonCursor cursor)
    {
        var entries = new List<KeyValuePair<Value, Value>>();
        try
        {
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
            {
                if (name.Is("b64"u8) && cursor.PeekKind() == JsonKind.String)
                    entries.Add(new(new StringValue("b64"), ReadBytes(cursor.ReadText())));
                else
                    entries.Add(new(new StringValue(name.ToString()), Read(ref cursor)));
            }
        }
        catch
        {
            Dispose(entries.Select(static entry => entry.Value));
            throw;
        }

        return entries is [{ Key: StringValue { Text: "b64" }, Value: Tensor bytes }] ? bytes : new DictValue(entries);
    }

    private static Tensor ReadBytes(JsonString text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Math.Max(text.Raw.Length, 1));
        try
        {
            var encoded = rented.AsSpan(0, text.CopyTo(rented));
            if (Base64.DecodeFromUtf8InPlace(encoded, out var length) != OperationStatus.Done)
                throw new ServingException(ServingError.InvalidArgument, $"invalid value at byte {text.Position}: the text of \"b64\" is not base64");
            return Tensor.From<byte>(DType.UInt8, [length], rented.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    // A copy of the cursor: nothing is consumed. NaN and Infinity are numbers; null, true and false have other letters too.
    private static bool IsOfNumbers(JsonCursor cursor) => cursor.ReadRaw().IndexOfAnyExcept(NumberLists) < 0;

    private static void Dispose(IEnumerable<Value> values)
    {
        foreach (var value in values)
            value.Dispose();
    }
}

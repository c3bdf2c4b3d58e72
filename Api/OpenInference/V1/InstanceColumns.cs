using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>Instances that are objects of named tensors: the tensors of one name are stacked into one argument, texts become a list.</summary>
internal sealed class InstanceColumns(ServedModel model)
{
    private readonly List<(string Name, List<Value> Items)> _columns = [];

    /// <summary>Reads the list of objects.</summary>
    public Argument[] Read(ref JsonCursor cursor)
    {
        try
        {
            var count = 0;
            cursor.BeginArray();
            while (cursor.NextItem())
                ReadInstance(ref cursor, count++);
            return Arrange(count);
        }
        finally
        {
            foreach (var item in _columns.SelectMany(static column => column.Items))
                item.Dispose();
        }
    }

    private void ReadInstance(ref JsonCursor cursor, int index)
    {
        if (cursor.PeekKind() != JsonKind.Object)
            throw InstanceReader.Invalid($"instance {index + 1} is no object although the first is one");
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            var text = name.ToString();
            var column = _columns.Find(column => column.Name == text);
            if (column.Items is null)
                _columns.Add(column = (text, []));
            if (column.Items.Count != index)
                throw InstanceReader.Invalid($"instance {(column.Items.Count > index ? index : column.Items.Count) + 1} has {(column.Items.Count > index ? "two" : "no")} '{text}'; every instance must have the same inputs");
            column.Items.Add(ReadItem(ref cursor, text));
        }
    }

    private Value ReadItem(ref JsonCursor cursor, string name)
    {
        switch (cursor.PeekKind())
        {
            case JsonKind.String:
                return new StringValue(cursor.ReadString());
            case JsonKind.Object:
                throw InstanceReader.Invalid($"'{name}' is an object; model '{model.Definition.Name}' has no handler that takes one (docs/handlers.md)");
            default:
                return JsonTensorReader.ReadNested(ref cursor, DTypeOf(model, name));
        }
    }

    /// <summary>Arguments by name as the model takes them: one dictionary where it takes that.</summary>
    public static Argument[] ToArguments(ServedModel model, IReadOnlyList<Argument> named) => model.Plan is { TakesDictionary: true }
        ? [new Argument(null, new DictValue([.. named.Select(static argument => KeyValuePair.Create<Value, Value>(new StringValue(argument.Name!), argument.Value))]))]
        : [.. named];

    /// <summary>The type of a named input; float32 where nobody wrote it down.</summary>
    public static DType DTypeOf(ServedModel model, string name)
    {
        foreach (var spec in model.Definition.Inputs)
        {
            if (spec.Name == name)
                return spec.DType;
        }

        return DType.Float32;
    }

    private Argument[] Arrange(int count)
    {
        foreach (var (name, items) in _columns)
        {
            if (items.Count != count)
                throw InstanceReader.Invalid($"instance {items.Count + 1} has no '{name}'; every instance must have the same inputs");
        }

        var arguments = new List<Argument>();
        try
        {
            foreach (var (name, items) in _columns)
                arguments.Add(new Argument(name, items[0] is StringValue ? List(name, items) : Stack(name, items)));
        }
        catch
        {
            arguments.ForEach(static argument => argument.Value.Dispose());
            throw;
        }

        return ToArguments(model, arguments);
    }

    private static ListValue List(string name, List<Value> items)
    {
        var other = items.FindIndex(static item => item is not StringValue);
        return other < 0 ? new ListValue([.. items]) : throw InstanceReader.Invalid($"'{name}' of instance {other + 1} has {Describe(items[other])} but the first has a text; all must be equal");
    }

    private static Tensor Stack(string name, List<Value> items)
    {
        var first = (Tensor)items[0];
        var stacked = Tensor.Rent(first.DType, [items.Count, .. first.Shape]);
        var at = 0;
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not Tensor item || !item.Shape.SequenceEqual(first.Shape))
            {
                stacked.Dispose();
                throw InstanceReader.Invalid($"'{name}' of instance {i + 1} has {Describe(items[i])} but the first has {Describe(first)}; all must be equal");
            }

            item.Bytes.CopyTo(stacked.Bytes[at..]);
            at += item.Bytes.Length;
        }

        return stacked;
    }

    private static string Describe(Value value) => value is Tensor tensor ? $"shape [{string.Join(',', tensor.Shape.ToArray())}]" : "a text";
}

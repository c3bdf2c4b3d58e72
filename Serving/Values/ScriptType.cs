using Granary.Torch;

namespace Granary.Serving.Values;

/// <summary>A TorchScript type, ready to guide a reader. Made once a model; immutable.</summary>
public sealed class ScriptType
{
    private const int MaxDepth = 64;

    private ScriptType(ScriptTypeKind kind, string text, ScriptType[] parts, NamedTupleSchema? tuple = null)
    {
        Kind = kind;
        Text = text;
        Parts = parts;
        Tuple = tuple;
    }

    /// <summary>What kind.</summary>
    public ScriptTypeKind Kind { get; }

    /// <summary>As the schema prints it: <c>Dict[str, Tensor]</c>.</summary>
    public string Text { get; }

    /// <summary>The types inside, in order: of the elements, of key and value, of the fields, of the members.</summary>
    public IReadOnlyList<ScriptType> Parts { get; }

    /// <summary>Names of the fields of a <see cref="ScriptTypeKind.NamedTuple"/>; null for any other type.</summary>
    public NamedTupleSchema? Tuple { get; }

    /// <summary>Whether a JSON object may stand for a value of this type.</summary>
    public bool TakesObject => Kind switch
    {
        ScriptTypeKind.Dict or ScriptTypeKind.NamedTuple or ScriptTypeKind.Any => true,
        ScriptTypeKind.Optional or ScriptTypeKind.Union => Parts.Any(static part => part.TakesObject),
        _ => false,
    };

    /// <summary>Whether a JSON list may stand for a value of this type.</summary>
    public bool TakesList => Kind switch
    {
        ScriptTypeKind.Tensor or ScriptTypeKind.Complex or ScriptTypeKind.List or ScriptTypeKind.Tuple or ScriptTypeKind.NamedTuple or ScriptTypeKind.Any => true,
        ScriptTypeKind.Optional or ScriptTypeKind.Union => Parts.Any(static part => part.TakesList),
        _ => false,
    };

    /// <summary>Reads a type as <see cref="ArgumentSchema.Type"/> has it.</summary>
    /// <param name="text">Such as <c>List[Tuple[int, Point]]</c>.</param>
    /// <param name="tuples">The named tuples that may occur in it.</param>
    public static ScriptType Parse(string text, IReadOnlyList<NamedTupleSchema> tuples) => Parse(text.AsSpan(), tuples, 0);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static ScriptType Parse(ReadOnlySpan<char> span, IReadOnlyList<NamedTupleSchema> tuples, int depth)
    {
        span = span.Trim();
        var text = span.ToString();
        var open = span.IndexOf('[');
        if (depth > MaxDepth)
            return new ScriptType(ScriptTypeKind.Other, text, []);
        if (open < 0)
            return Simple(text, tuples, depth);
        var kind = span[..open] switch
        {
            "List" => ScriptTypeKind.List,
            "Tuple" => ScriptTypeKind.Tuple,
            "Dict" => ScriptTypeKind.Dict,
            "Optional" => ScriptTypeKind.Optional,
            "Union" => ScriptTypeKind.Union,
            _ => ScriptTypeKind.Other,
        };
        return new ScriptType(kind, text, ParseParts(span[(open + 1)..^1], tuples, depth + 1));
    }

    private static ScriptType[] ParseParts(ReadOnlySpan<char> inner, IReadOnlyList<NamedTupleSchema> tuples, int depth)
    {
        var parts = new List<ScriptType>();
        var (level, start) = (0, 0);
        for (var i = 0; i <= inner.Length; i++)
        {
            var ends = i == inner.Length;
            level += ends ? 0 : inner[i] == '[' ? 1 : inner[i] == ']' ? -1 : 0;
            if (!ends && (level != 0 || inner[i] != ','))
                continue;
            // Tuple[()] has none.
            if (inner[start..i].Trim() is { IsEmpty: false } part and not "()")
                parts.Add(Parse(part, tuples, depth));
            start = i + 1;
        }

        return [.. parts];
    }

    private static ScriptType Simple(string text, IReadOnlyList<NamedTupleSchema> tuples, int depth)
    {
        var kind = text switch
        {
            "Tensor" => ScriptTypeKind.Tensor,
            "int" => ScriptTypeKind.Int,
            "float" => ScriptTypeKind.Float,
            "bool" => ScriptTypeKind.Bool,
            "str" => ScriptTypeKind.String,
            "complex" => ScriptTypeKind.Complex,
            "number" => ScriptTypeKind.Number,
            "None" or "NoneType" => ScriptTypeKind.None,
            "Any" or "AnyList" or "AnyTuple" or "list" or "tuple" => ScriptTypeKind.Any,
            _ => ScriptTypeKind.Other,
        };
        if (kind != ScriptTypeKind.Other || tuples.FirstOrDefault(tuple => tuple.Name == text) is not { } named)
            return new ScriptType(kind, text, []);
        return new ScriptType(ScriptTypeKind.NamedTuple, text, [.. named.Fields.Select(field => Parse(field.Type, tuples, depth + 1))], named);
    }
}

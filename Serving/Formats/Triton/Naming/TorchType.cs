namespace Granary.Serving.Formats.Triton.Naming;

/// <summary>A TorchScript type as a schema prints it: <c>Dict[str, Tensor]</c> is <c>Dict</c> of <c>str</c> and <c>Tensor</c>.</summary>
internal sealed record TorchType(string Name, IReadOnlyList<TorchType> Parts)
{
    public bool IsTensor => this is { Name: "Tensor", Parts.Count: 0 };

    /// <summary>A dictionary of tensors by string.</summary>
    public bool IsTensorDictionary => this is { Name: "Dict", Parts: [{ Name: "str" }, { IsTensor: true }] };

    public bool IsStringList => this is { Name: "List", Parts: [{ Name: "str" }] };

    public bool IsTensorList => this is { Name: "List", Parts: [{ IsTensor: true }] };

    public bool IsOptionalTensor => this is { Name: "Optional", Parts: [{ IsTensor: true }] };

    /// <summary>Reads a type; what is no type of this form is a name.</summary>
    public static TorchType Parse(string text)
    {
        var open = text.IndexOf('[');
        if (open <= 0 || text[^1] != ']')
            return new TorchType(text.Trim(), []);
        var parts = new List<TorchType>();
        var (depth, start) = (0, open + 1);
        for (var i = start; i < text.Length; i++)
        {
            var ends = i == text.Length - 1;
            depth += text[i] == '[' ? 1 : text[i] == ']' && !ends ? -1 : 0;
            if (!ends && (depth != 0 || text[i] != ','))
                continue;
            if (i > start)
                parts.Add(Parse(text[start..i].Trim()));
            start = i + 1;
        }

        return new TorchType(text[..open].Trim(), parts);
    }

    public override string ToString() => Parts.Count == 0 ? Name : $"{Name}[{string.Join(", ", Parts)}]";
}

using System.Text.Json;

namespace Granary.Bench.Perf;

/// <summary>An input as the server's metadata says, its open sizes filled in.</summary>
internal sealed record Input(string Name, string Datatype, long[] Shape)
{
    public long Count => Shape.Aggregate(1L, static (product, size) => product * size);

    public int ElementBytes => Datatype switch
    {
        "BOOL" or "INT8" or "UINT8" => 1,
        "INT16" or "UINT16" or "FP16" or "BF16" => 2,
        "INT32" or "UINT32" or "FP32" => 4,
        "INT64" or "UINT64" or "FP64" => 8,
        _ => throw new FormatException($"input '{Name}' is {Datatype}, which this program cannot make up; use --body"),
    };
}

/// <summary>Asks the server what a model takes, over HTTP.</summary>
internal static class ModelMetadata
{
    public static async Task<List<Input>> ReadAsync(Arguments arguments)
    {
        using var client = new HttpClient();
        var path = arguments.Version.Length > 0 ? $"{arguments.Model}/versions/{arguments.Version}" : arguments.Model;
        var text = await client.GetStringAsync($"http://{arguments.Host}:{arguments.Port}/v2/models/{path}");
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.GetProperty("inputs").EnumerateArray().Select(input => Describe(arguments, input))];
    }

    private static Input Describe(Arguments arguments, JsonElement input)
    {
        var name = input.GetProperty("name").GetString()!;
        var shape = input.GetProperty("shape").EnumerateArray().Select(size => size.ValueKind == JsonValueKind.String ? long.Parse(size.GetString()!) : size.GetInt64()).ToArray();
        if (arguments.Shapes.TryGetValue(name, out var given))
            shape = given;
        else if (shape.Length > 0 && shape[0] == -1)
            shape[0] = arguments.Rows;
        if (shape.Contains(-1))
            throw new FormatException($"input '{name}' has open sizes [{string.Join(',', shape)}]; say --shape {name}:…");
        return new Input(name, input.GetProperty("datatype").GetString()!, shape);
    }
}

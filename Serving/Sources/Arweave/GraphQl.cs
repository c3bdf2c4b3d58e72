using System.Text.Json;
using System.Text.Json.Serialization;

namespace Granary.Serving.Sources.Arweave;

/// <summary>The body of a question to a gateway's index, as ritual_arweave sends it.</summary>
internal sealed record GraphQlRequest(string Query)
{
    public string? OperationName { get; init; }

    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GraphQlRequest))]
internal sealed partial class GraphQlJson : JsonSerializerContext;

/// <summary>A transaction as the index tells it. Nothing of it is trusted.</summary>
/// <param name="Id">Transaction or data item.</param>
/// <param name="Owner">Address of who signed it.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="BundledIn">The bundle that a data item is in; null for a transaction.</param>
/// <param name="Size">Length of the data in bytes; null when the index does not say.</param>
internal sealed record IndexedTransaction(string Id, string Owner, IReadOnlyList<ArweaveTag> Tags, string? BundledIn, long? Size)
{
    /// <summary>When the uploader says it was uploaded, in seconds; 0 when it does not.</summary>
    public double UnixTime => ParseTime(ArweaveTag.Find(Tags, "Unix-Time"));

    /// <summary>Reads the tag <c>Unix-Time</c>.</summary>
    public static double ParseTime(string? text) =>
        double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var time) && double.IsFinite(time) ? time : 0;
}

/// <summary>One page of the index.</summary>
internal sealed record IndexPage(IReadOnlyList<IndexedTransaction> Transactions, string? Next);

/// <summary>Questions to a gateway's index, and its answers.</summary>
internal static class GraphQl
{
    private const int PageLength = 100;
    private const string Fields = "id owner{address} tags{name value} bundledIn{id} data{size} block{id timestamp}";

    /// <summary>Transactions of owners that have all the tags.</summary>
    public static string Transactions(IReadOnlyList<string> owners, IReadOnlyList<(string Name, string[] Values)> tags, string? after)
    {
        var filter = string.Join(',', tags.Select(static tag => $"{{name:{Text(tag.Name)},values:{Texts(tag.Values)}}}"));
        var cursor = after is null ? "" : $",after:{Text(after)}";
        return $"query{{transactions(sort:HEIGHT_DESC,first:{PageLength}{cursor},owners:{Texts(owners)},tags:[{filter}])"
            + $"{{pageInfo{{hasNextPage}} edges{{cursor node{{{Fields}}}}}}}}}";
    }

    /// <summary>One transaction or data item.</summary>
    public static string Transaction(string id) => $"query{{transaction(id:{Text(id)}){{{Fields}}}}}";

    public static IndexPage ReadPage(JsonElement json)
    {
        var found = Data(json).GetProperty("transactions");
        var transactions = new List<IndexedTransaction>();
        string? cursor = null;
        foreach (var edge in found.GetProperty("edges").EnumerateArray())
        {
            transactions.Add(ReadNode(edge.GetProperty("node")));
            cursor = edge.TryGetProperty("cursor", out var text) ? text.GetString() : null;
        }

        var hasNext = found.TryGetProperty("pageInfo", out var page) && page.GetProperty("hasNextPage").GetBoolean();
        return new IndexPage(transactions, hasNext ? cursor ?? throw new FormatException("a page without a cursor has a next page") : null);
    }

    /// <summary>Null when the index does not know the id.</summary>
    public static IndexedTransaction? ReadOne(JsonElement json) =>
        Data(json).GetProperty("transaction") is { ValueKind: JsonValueKind.Object } node ? ReadNode(node) : null;

    private static JsonElement Data(JsonElement json) =>
        json.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data : throw new FormatException("the index answered with an error");

    private static IndexedTransaction ReadNode(JsonElement node) => new(
        Id(node.GetProperty("id").GetString()!),
        node.GetProperty("owner").GetProperty("address").GetString()!,
        [.. node.GetProperty("tags").EnumerateArray().Select(static tag => new ArweaveTag(
            System.Text.Encoding.UTF8.GetBytes(tag.GetProperty("name").GetString()!), System.Text.Encoding.UTF8.GetBytes(tag.GetProperty("value").GetString()!)))],
        node.TryGetProperty("bundledIn", out var bundle) && bundle.ValueKind == JsonValueKind.Object ? Id(bundle.GetProperty("id").GetString()!) : null,
        node.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object && data.TryGetProperty("size", out var size)
            && long.TryParse(size.ToString(), out var length) && length >= 0 ? length : null);

    // It becomes a part of an address.
    private static string Id(string text) => Base64Url.IsId(text) ? text : throw new FormatException("an id is not 43 characters of base64url");

    private static string Texts(IReadOnlyList<string> texts) => $"[{string.Join(',', texts.Select(Text))}]";

    // The escapes of JSON are a subset of those of GraphQL (GraphQL, October 2021, section 2.9.4).
    private static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}

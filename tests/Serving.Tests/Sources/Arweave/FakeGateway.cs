using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Granary.Serving.Tests.Sources.Arweave;

/// <summary>
/// Behaves as a gateway does: GraphQL with pages, headers, offsets, chunks, and data behind a redirect to a sandbox on another
/// server. Changes to its answers make it lie.
/// </summary>
internal sealed class FakeGateway : IAsyncDisposable
{
    private const long FirstByte = 100_000_000_000_000;
    private readonly FakeServer _server = new();
    private readonly FakeServer _sandbox = new();
    private readonly Dictionary<string, WeaveEntry> _byId = [];
    private readonly Dictionary<string, long> _begins = [];

    public FakeGateway(Weave weave)
    {
        var next = FirstByte;
        foreach (var entry in weave.Entries)
        {
            _byId[entry.Id] = entry;
            if (entry.Header is null)
                continue;
            _begins[entry.Id] = next;
            next += entry.Data.Length;
        }

        Hidden = [];
        _server.Handler = request => Tamper(request, Answer(request));
        _sandbox.Handler = request => Tamper(request, Data(request, request.Path[1..]));
    }

    public string Address => _server.Address;

    /// <summary>As messages name it.</summary>
    public string Name => new Uri(Address).Authority;

    /// <summary>Changes an answer before it is sent.</summary>
    public Func<FakeRequest, FakeResponse, FakeResponse> Tamper { get; set; } = static (_, response) => response;

    /// <summary>Ids that the index does not tell.</summary>
    public HashSet<string> Hidden { get; }

    /// <summary>Transactions of a page.</summary>
    public int PageLength { get; set; } = 100;

    /// <summary>In which order the index tells; by name unless a test says otherwise.</summary>
    public Func<WeaveEntry, string> Order { get; set; } = static entry => entry.Name;

    public IEnumerable<FakeRequest> Requests => _server.Requests.Concat(_sandbox.Requests);

    /// <summary>Requests for data, redirects not counted.</summary>
    public IReadOnlyCollection<FakeRequest> Downloads => _sandbox.Requests;

    /// <summary>Completes with every gated answer whose first part was sent.</summary>
    public SemaphoreSlim Stopped => _sandbox.Stopped;

    /// <summary>The same for answers without data.</summary>
    public SemaphoreSlim ServerStopped => _server.Stopped;

    public int Count(string prefix) => Requests.Count(request => request.Path.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Changes the JSON of answers to a path.</summary>
    public void TamperJson(string prefix, Action<JsonNode> change) => Tamper = (request, response) =>
    {
        if (!request.Path.StartsWith(prefix, StringComparison.Ordinal) || response.Status != 200)
            return response;
        var json = JsonNode.Parse(response.Body)!;
        change(json);
        return Json(json);
    };

    /// <summary>Changes answers with data.</summary>
    public void TamperData(Func<FakeRequest, FakeResponse, FakeResponse> change) => Tamper = (request, response) =>
        request.Method == "GET" && response.Status is 200 or 206 && (Downloads.Contains(request) || request.Path.StartsWith("/raw/", StringComparison.Ordinal)) ? change(request, response) : response;

    public static FakeResponse Json(JsonNode json) => new() { Body = Encoding.UTF8.GetBytes(json.ToJsonString()), Headers = { ["Content-Type"] = "application/json" } };

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _sandbox.DisposeAsync();
    }

    private FakeResponse Answer(FakeRequest request)
    {
        var path = request.Path.TrimStart('/').Split('/');
        return path switch
        {
            ["graphql"] => Query((string)JsonNode.Parse(request.Body)!["query"]!),
            ["tx", var id] when _byId.GetValueOrDefault(id)?.Header is { } header => Json(header),
            ["tx", var id, "offset"] when _begins.TryGetValue(id, out var begin) => Json(new JsonObject
            {
                ["size"] = _byId[id].Data.Length.ToString(CultureInfo.InvariantCulture),
                ["offset"] = (begin + _byId[id].Data.Length - 1).ToString(CultureInfo.InvariantCulture),
            }),
            ["chunk", var position] => Chunk(long.Parse(position, CultureInfo.InvariantCulture)),
            ["raw", var id] => Data(request, id),
            [var id] when _byId.ContainsKey(id) => new FakeResponse { Status = 302, Headers = { ["Location"] = $"{_sandbox.Address}/{id}" } },
            _ => new FakeResponse { Status = 404 },
        };
    }

    private FakeResponse Chunk(long position)
    {
        foreach (var (id, begin) in _begins)
        {
            foreach (var chunk in _byId[id].Chunks)
            {
                if (position >= begin + chunk.Begin && position < begin + chunk.End)
                    return Json(new JsonObject { ["chunk"] = Text(_byId[id].Data.AsSpan(chunk.Begin..chunk.End)), ["data_path"] = chunk.Path, ["tx_path"] = "" });
            }
        }

        return new FakeResponse { Status = 404 };
    }

    private FakeResponse Data(FakeRequest request, string id)
    {
        if (!_byId.TryGetValue(id, out var entry))
            return new FakeResponse { Status = 404 };
        var response = new FakeResponse { Body = entry.Data, Headers = { ["ETag"] = $"\"{Name}-{id}\"" } };
        if (request.Header("Range") is not { } text)
            return response;
        var range = RangeHeaderValue.Parse(text).Ranges.Single();
        var (from, to) = ((int)range.From!, (int)Math.Min(range.To ?? long.MaxValue, entry.Data.Length - 1));
        if (from >= entry.Data.Length)
            return new FakeResponse { Status = 416 };
        response.Status = 206;
        response.Headers["Content-Range"] = $"bytes {from}-{to}/{entry.Data.Length}";
        response.Body = entry.Data[from..(to + 1)];
        return response;
    }

    private FakeResponse Query(string query)
    {
        if (Regex.Match(query, """^query\{transaction\(id:"([\w-]+)"\)""") is { Success: true } one)
        {
            var entry = _byId.GetValueOrDefault(one.Groups[1].Value);
            return Json(new JsonObject { ["data"] = new JsonObject { ["transaction"] = entry is null ? null : Node(entry) } });
        }

        var parts = Regex.Match(query, """^query\{transactions\(sort:HEIGHT_DESC,first:100(?:,after:("(?:[^"\\]|\\.)*"))?,owners:(\[.*?\]),tags:\[(.*)\]\)\{""");
        Assert.True(parts.Success, query);
        var owners = Strings(parts.Groups[2].Value);
        var tags = Regex.Matches(parts.Groups[3].Value, """\{name:("(?:[^"\\]|\\.)*"),values:(\[(?:"(?:[^"\\]|\\.)*",?)*\])\}""")
            .Select(static tag => (Name: JsonSerializer.Deserialize<string>(tag.Groups[1].Value)!, Values: Strings(tag.Groups[2].Value))).ToList();
        Assert.NotEmpty(tags);
        var after = parts.Groups[1].Success ? int.Parse(JsonSerializer.Deserialize<string>(parts.Groups[1].Value)!["cursor ".Length..], CultureInfo.InvariantCulture) : 0;
        var found = _byId.Values.Where(entry => !Hidden.Contains(entry.Id) && owners.Contains(entry.Owner) && tags.TrueForAll(tag => tag.Values.Contains(entry.Tag(tag.Name)))).OrderBy(Order).ToList();
        var edges = found.Skip(after).Take(PageLength).Select((entry, i) => (JsonNode)new JsonObject { ["cursor"] = $"cursor {after + i + 1}", ["node"] = Node(entry) });
        return Json(new JsonObject
        {
            ["data"] = new JsonObject
            {
                ["transactions"] = new JsonObject { ["pageInfo"] = new JsonObject { ["hasNextPage"] = found.Count > after + PageLength }, ["edges"] = new JsonArray([.. edges]) },
            },
        });
    }

    private static JsonObject Node(WeaveEntry entry) => new()
    {
        ["id"] = entry.Id,
        ["owner"] = new JsonObject { ["address"] = entry.Owner },
        ["tags"] = new JsonArray([.. entry.Tags.Select(static tag => (JsonNode)new JsonObject { ["name"] = tag.Name, ["value"] = tag.Value })]),
        ["bundledIn"] = entry.BundledIn is null ? null : new JsonObject { ["id"] = entry.BundledIn },
        ["data"] = new JsonObject { ["size"] = entry.Data.Length.ToString(CultureInfo.InvariantCulture) },
        ["block"] = new JsonObject { ["id"] = "b", ["timestamp"] = 1 },
    };

    private static string[] Strings(string list) => JsonSerializer.Deserialize<string[]>(list)!;

    private static string Text(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}

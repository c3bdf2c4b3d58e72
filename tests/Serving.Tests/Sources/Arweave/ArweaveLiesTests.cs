using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Granary.Serving.Tests.Sources.Arweave;

/// <summary>
/// A gateway that lies in every way we know. Alone it is refused and nothing is stored, and the message names the check; before an
/// honest gateway it is found out, named in the log once, and the honest one's file is served.
/// </summary>
[Collection(nameof(Weave))]
public sealed class ArweaveLiesTests(Weave weave) : IAsyncLifetime
{
    private readonly ArweaveFixture _arweave = new(weave);

    public static TheoryData<string, string, string> Lies => new()
    {
        // The lie, the file it is told about, what the refusal says.
        { "data: other bytes of the same length", "small", "(check 'data_root')" },
        { "data: one bit of a large file", "medium", "(check 'data_root')" },
        { "data: the last byte", "uneven", "(check 'data_root')" },
        { "data: another transaction's", "small", "announces 5,000 bytes where 6,000 were signed (check 'data_size')" },
        { "data: truncated", "medium", "(check 'data_size')" },
        { "data: longer", "medium", "(check 'data_size')" },
        { "data: longer without a length", "medium", "(check 'data_root')" },
        { "data: that of a data item", "item", "(check 'signature')" },
        { "data: that of format 1", "format1", "(check 'signature')" },
        { "header: another transaction", "small", "is that of" },
        { "header: another transaction under this id", "small", "is not the SHA-256 of its signature (check 'id')" },
        { "header: signature", "small", "(check 'id')" },
        { "header: signature and id", "small", "(check 'id')" },
        { "header: owner", "small", "does not have its owner's signature (check 'signature')" },
        { "header: data_root", "small", "(check 'signature')" },
        { "header: data_size", "small", "(check 'signature')" },
        { "header: tag", "small", "(check 'signature')" },
        { "header: tag removed", "small", "(check 'signature')" },
        { "header: tag split", "small", "(check 'signature')" },
        { "header: reward", "small", "(check 'signature')" },
        { "header: format 1", "small", "(check 'signature')" },
        { "header: format 1 with a digit moved into the data", "format1", "(check 'file_sha256')" },
        { "header: format 1 with a byte of the data as target", "format1", "(check 'file_sha256')" },
        { "index: somebody else's transaction", "small", "not by" },
        { "index: a tag", "small", "(check 'tags')" },
        { "index: the time of an older one", "newest", "has the signed Unix-Time 1700000000.5, the index says 1900000000 (check 'tags')" },
        { "index: the version of an older one", "small", "has the signed tag File-Version '0.9.0', the index says '1.0.0' (check 'tags')" },
        { "bundle: signature of an item", "item", "is not the SHA-256 of its signature (check 'id')" },
        { "bundle: owner of an item", "item", "(check 'owner')" },
        { "bundle: tag of an item", "item", "(check 'signature')" },
        { "bundle: length of an item", "item", "(check" },
        { "manifest: another file", "target", "(check 'data_root')" },
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _arweave.DisposeAsync().AsTask();

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task AcquireAsync_OneLiarAlone_IsRefusedByTheCheck(string lie, string name, string expected)
    {
        _arweave.Used = [_arweave.First];
        Tell(lie, _arweave.First);
        WithoutChunks(_arweave.First);
        var message = await _arweave.FetchFailsAsync(ServingError.SourceFailed, IdOf(name));

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(_arweave.First.Name, message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(_arweave.Store.Directory, "partial"), "*.part"));
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task AcquireAsync_LiarBeforeAnHonestGateway_ServesTheHonestOnesFile(string lie, string name, string expected)
    {
        Assert.NotEmpty(expected);
        Tell(lie, _arweave.First);

        name = name == "newest" ? "small" : name;
        Assert.Equal(weave[name].Data, await _arweave.FetchAsync(IdOf(name)));
        Assert.Equal(weave[name].Sha256, Assert.Single(_arweave.Blobs));
        var warning = Assert.Single(_arweave.GatewayLog.Lines, static line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains($"gateway {_arweave.First.Name} gave something else than was signed", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcquireAsync_LiarCaughtOnce_IsAskedLastAndNotNamedAgain()
    {
        Tell("data: other bytes of the same length", _arweave.First);
        await _arweave.FetchAsync(IdOf("small"));
        var asked = _arweave.First.Requests.Count();
        await _arweave.FetchAsync(IdOf("uneven"));

        Assert.Equal(asked, _arweave.First.Requests.Count());
        Assert.Single(_arweave.GatewayLog.Lines, static line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_LiarGivesTheFirstHalf_TheHonestGatewayIsFetchedFromAlone()
    {
        var calls = 0;
        _arweave.First.TamperData((_, response) =>
        {
            response.Body = [.. response.Body];
            response.Body[10] ^= 1;
            response.StopAfter = calls++ == 0 ? 1_000_000 : null;
            return response;
        });

        Assert.Equal(weave["medium"].Data, await _arweave.FetchAsync(IdOf("medium")));
        Assert.Contains(_arweave.Second.Downloads, static request => request.Header("Range") == "bytes=1000000-");
    }

    [Theory]
    [InlineData("item")]
    [InlineData("format1")]
    public async Task AcquireAsync_LiarGivesHalfOfWhatHasNoProofs_TheHonestGatewayIsFetchedFromAlone(string name)
    {
        _arweave.Used = [_arweave.Second, _arweave.First];
        var isCut = false;
        _arweave.Second.TamperData((request, response) =>
        {
            response.StopAfter = isCut || request.Path.StartsWith("/raw", StringComparison.Ordinal) ? null : weave[name].Data.Length / 2;
            isCut |= response.StopAfter is not null;
            return response;
        });
        _arweave.First.TamperData((request, response) => request.Path.StartsWith("/raw", StringComparison.Ordinal) ? response : Flip(response, ^1));

        Assert.Equal(weave[name].Data, await _arweave.FetchAsync(IdOf(name)));
    }

    [Theory]
    [InlineData("chunk", "(check 'chunk')")]
    [InlineData("path", "(check 'data_path')")]
    [InlineData("both", "(check 'data_path')")]
    [InlineData("other", "(check 'chunk')")]
    [InlineData("short", "(check 'chunk')")]
    [InlineData("empty path", "(check 'data_path')")]
    [InlineData("offset", "(check 'data_size')")]
    [InlineData("elsewhere", "(check 'data_path')")]
    public async Task AcquireAsync_LyingAboutChunks_IsRefusedAndTheHonestGatewayGoesOn(string lie, string expected)
    {
        _arweave.Options.ChunkedFromBytes = 1;
        _arweave.First.Tamper = (request, response) => _arweave.First.Downloads.Contains(request) ? FakeHub.Error(404) : LieAboutChunks(lie, request, response);
        Assert.Equal(weave["big"].Data, await _arweave.FetchAsync(IdOf("big")));

        var warning = Assert.Single(_arweave.GatewayLog.Lines, static line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains(expected, warning, StringComparison.Ordinal);
        Assert.Contains(_arweave.First.Name, warning, StringComparison.Ordinal);
        Assert.Empty(_arweave.Second.Downloads);
    }

    [Fact]
    public async Task AcquireAsync_ChunkOfTheMiddleIsFalse_WhatWasProvenIsKept()
    {
        _arweave.Options.ChunkedFromBytes = 1;
        var chunks = 0;
        _arweave.First.Tamper = (request, response) =>
            request.Path.StartsWith("/chunk/", StringComparison.Ordinal) && Interlocked.Increment(ref chunks) == 20 ? LieAboutChunks("chunk", request, response) : response;
        Assert.Equal(weave["big"].Data, await _arweave.FetchAsync(IdOf("big")));

        Assert.Equal(weave["big"].Data.Length, _arweave.Counters.Snapshot().DownloadedBytes);
        Assert.InRange(_arweave.Second.Count("/chunk/"), 1, 40);
    }

    private string IdOf(string name) => name switch
    {
        "newest" => $"arweave/{weave.Alice}/iris:model.pt",
        "target" => $"arweave/{weave.Alice}/packed:weights.pt",
        "small" => $"arweave/{weave.Alice}/iris/1.0.0:model.pt",
        _ => $"arweave/{weave[name].Owner}/{weave[name].Tag("Repo-Name")}:{weave[name].Tag("File-Name")}",
    };

    // Chunks prove themselves, so a gateway that has them cannot lie about data alone.
    private static void WithoutChunks(FakeGateway gateway)
    {
        var inner = gateway.Tamper;
        gateway.Tamper = (request, response) => request.Path.StartsWith("/chunk/", StringComparison.Ordinal) ? FakeHub.Error(404) : inner(request, response);
    }

    private FakeResponse LieAboutChunks(string lie, FakeRequest request, FakeResponse response)
    {
        if (request.Path.EndsWith("/offset", StringComparison.Ordinal))
        {
            var json = JsonNode.Parse(response.Body)!;
            if (lie == "offset")
                json["size"] = "12999999";
            if (lie == "elsewhere")
                json["offset"] = ((long.Parse((string)json["offset"]!, null)) - 300_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return FakeGateway.Json(json);
        }

        if (!request.Path.StartsWith("/chunk/", StringComparison.Ordinal) || response.Status != 200)
            return response;
        var chunk = JsonNode.Parse(response.Body)!;
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars((string)chunk["chunk"]!);
        var path = System.Buffers.Text.Base64Url.DecodeFromChars((string)chunk["data_path"]!);
        switch (lie)
        {
            case "chunk":
                bytes[^1] ^= 1;
                break;
            case "path":
                path[3] ^= 1;
                break;
            case "both":
                // The leaf fits the false chunk, but not the branch above it.
                bytes[0] ^= 1;
                SHA256.HashData(bytes).CopyTo(path, path.Length - 64);
                break;
            case "other":
                bytes = weave["big"].Data[262144..524288];
                break;
            case "short":
                bytes = bytes[..^1];
                break;
            case "empty path":
                path = [];
                break;
        }

        if (lie == "other" && (string)chunk["chunk"]! == System.Buffers.Text.Base64Url.EncodeToString(bytes))
            bytes = weave["big"].Data[..262144];
        chunk["chunk"] = System.Buffers.Text.Base64Url.EncodeToString(bytes);
        chunk["data_path"] = System.Buffers.Text.Base64Url.EncodeToString(path);
        return FakeGateway.Json(chunk);
    }

    private void Tell(string lie, FakeGateway gateway)
    {
        if (lie.StartsWith("data: ", StringComparison.Ordinal))
            gateway.TamperData((request, response) => request.Path.StartsWith("/raw", StringComparison.Ordinal) ? response : TamperData(lie, response));
        else if (lie.StartsWith("header: ", StringComparison.Ordinal))
            gateway.TamperJson("/tx/", json => TamperHeader(lie, json, gateway));
        else if (lie.StartsWith("index: ", StringComparison.Ordinal))
            gateway.TamperJson("/graphql", json => TamperIndex(lie, json));
        else if (lie.StartsWith("bundle: ", StringComparison.Ordinal))
            gateway.TamperData((request, response) => request.Path.StartsWith("/raw", StringComparison.Ordinal) ? TamperBundle(lie, request, response) : response);
        else
            gateway.TamperData(static (request, response) => request.Path.StartsWith("/raw", StringComparison.Ordinal) ? Flip(response, ^3) : response);
    }

    private FakeResponse TamperData(string lie, FakeResponse response)
    {
        var body = response.Body;
        switch (lie)
        {
            case "data: other bytes of the same length":
                response.Body = RandomNumberGenerator.GetBytes(body.Length);
                break;
            case "data: another transaction's":
                response.Body = weave["older"].Data;
                break;
            case "data: truncated":
                response.Body = body[..^1];
                break;
            case "data: longer":
                response.Body = [.. body, 0];
                break;
            case "data: longer without a length":
                response.Body = [0, .. body];
                response.DeclaredLength = -1;
                break;
            default:
                return Flip(response, lie == "data: the last byte" ? ^1 : body.Length / 2);
        }

        return response;
    }

    private static FakeResponse Flip(FakeResponse response, Index at)
    {
        response.Body = [.. response.Body];
        response.Body[at] ^= 1;
        return response;
    }

    private void TamperHeader(string lie, JsonNode json, FakeGateway gateway)
    {
        var tags = json["tags"]?.AsArray();
        switch (lie)
        {
            case "header: another transaction":
                Replace(json, weave["older"].Header!);
                break;
            case "header: another transaction under this id":
                var id = (string)json["id"]!;
                Replace(json, weave["older"].Header!);
                json["id"] = id;
                break;
            case "header: signature":
                json["signature"] = Flip((string)json["signature"]!);
                break;
            case "header: signature and id":
                var signature = Flip((string)json["signature"]!);
                json["signature"] = signature;
                json["id"] = Text(SHA256.HashData(System.Buffers.Text.Base64Url.DecodeFromChars(signature)));
                break;
            case "header: owner":
                json["owner"] = (string)weave["evil"].Header!["owner"]!;
                break;
            case "header: data_root":
                json["data_root"] = (string)weave["older"].Header!["data_root"]!;
                break;
            case "header: data_size":
                json["data_size"] = "5999";
                break;
            case "header: tag":
                tags![^1]!["value"] = Text(Encoding.ASCII.GetBytes(weave["older"].Sha256));
                break;
            case "header: tag removed":
                tags!.RemoveAt(tags.Count - 1);
                break;
            case "header: tag split":
                tags![0]!["name"] = Text("App-Nam"u8);
                tags[0]!["value"] = Text("eRitual"u8);
                break;
            case "header: reward":
                json["reward"] = "1";
                break;
            case "header: format 1":
                json["format"] = 1;
                json["data_root"] = "";
                break;
            case "header: format 1 with a digit moved into the data":
                json["quantity"] = "1";
                json["reward"] = "23456";
                json["data_size"] = "50001";
                Replace(gateway, [.. weave["format1"].Data, (byte)'0']);
                break;
            case "header: format 1 with a byte of the data as target":
                json["target"] = Text(weave["format1"].Data.AsSpan(0, 1));
                json["data_size"] = "49999";
                Replace(gateway, weave["format1"].Data[1..]);
                break;
        }
    }

    // The data that fits a header with moved bytes: what was signed is the same, the hash of the content gives it away.
    private void Replace(FakeGateway gateway, byte[] data)
    {
        var inner = gateway.Tamper;
        gateway.Tamper = (request, response) =>
        {
            response = inner(request, response);
            if (response.Status == 200 && response.Body.AsSpan().SequenceEqual(weave["format1"].Data))
                response.Body = data;
            return response;
        };
    }

    private void TamperIndex(string lie, JsonNode json)
    {
        if (json["data"]?["transactions"]?["edges"]?.AsArray() is not { Count: > 0 } edges)
            return;
        var node = edges[0]!["node"]!;
        switch (lie)
        {
            case "index: somebody else's transaction":
                node["id"] = weave["evil"].Id;
                break;
            case "index: a tag":
                node["id"] = weave["tiny"].Id;
                break;
            case "index: the time of an older one":
                node["id"] = weave["older"].Id;
                Set(node, "Unix-Time", "1900000000");
                break;
            case "index: the version of an older one":
                node["id"] = weave["older"].Id;
                break;
        }
    }

    private FakeResponse TamperBundle(string lie, FakeRequest request, FakeResponse response)
    {
        var from = int.Parse(request.Header("Range")!["bytes=".Length..].Split('-')[0], null);
        var body = (byte[])weave["bundle"].Data.Clone();
        var begin = body.AsSpan().IndexOf(weave["item"].Data) - 2000;
        begin += body.AsSpan(begin).IndexOf(Owner("small")) - 512 - 2;
        switch (lie)
        {
            case "bundle: signature of an item":
                body[begin + 2] ^= 1;
                break;
            case "bundle: owner of an item":
                Owner("evil").CopyTo(body, begin + 2 + 512);
                break;
            case "bundle: tag of an item":
                var at = body.AsSpan(begin).IndexOf("octet-stream"u8);
                body[begin + at] ^= 1;
                break;
            case "bundle: length of an item":
                // The second entry of the table; the item after it then begins elsewhere, which nobody asks for.
                body[32 + 64] ^= 1;
                break;
        }

        response.Body = body[from..(from + response.Body.Length)];
        return response;
    }

    private byte[] Owner(string name) => System.Buffers.Text.Base64Url.DecodeFromChars((string)weave[name].Header!["owner"]!);

    private static void Set(JsonNode node, string tag, string value) => node["tags"]!.AsArray().First(entry => (string)entry!["name"]! == tag)!["value"] = value;

    private static void Replace(JsonNode json, JsonNode other)
    {
        foreach (var (name, value) in other.DeepClone().AsObject().ToList())
            json[name] = value?.DeepClone();
    }

    private static string Flip(string text)
    {
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(text);
        bytes[100] ^= 1;
        return Text(bytes);
    }

    private static string Text(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}

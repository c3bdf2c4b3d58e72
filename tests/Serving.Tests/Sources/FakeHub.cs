using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Granary.Serving.Tests.Sources;

/// <summary>One file of the fake hub. Large ones live on the second server, as on the real hub.</summary>
internal sealed class HubFile(byte[] content, bool isLarge)
{
    public byte[] Content { get; set; } = content;

    public bool IsLarge { get; } = isLarge;

    /// <summary>What the hub says the hash is; the truth unless a test lies.</summary>
    public string? AnnouncedHash { get; set; }

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Content));

    public string Hash => AnnouncedHash ?? (IsLarge ? Sha256 : GitSha1);

    private string GitSha1 => Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {Content.Length}\0"), .. Content]));
}

/// <summary>
/// Behaves as huggingface.co does for <c>/{repo}/resolve/{revision}/{file}</c>: commit and hash headers, error codes, a redirect to
/// another server for large files, ranges with If-Range.
/// </summary>
internal sealed class FakeHub : IAsyncDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    public FakeHub()
    {
        // Every file is accompanied by a question for the manifest, which most tests are not about.
        Hub.IsRecorded = static request => !IsManifest(request);
        Hub.Handler = request => IsManifest(request) ? Manifest(request) : Tamper(request, Answer(request));
        Cdn.Handler = request => Tamper(request, Content(request, Files[request.Path[5..]]));
    }

    public FakeServer Hub { get; } = new();

    public FakeServer Cdn { get; } = new();

    /// <summary>By <c>owner/name/file</c>.</summary>
    public Dictionary<string, HubFile> Files { get; } = [];

    public string? Token { get; set; }

    /// <summary>Changes an answer before it is sent.</summary>
    public Func<FakeRequest, FakeResponse, FakeResponse> Tamper { get; set; } = static (_, response) => response;

    public int Gets => Hub.Requests.Concat(Cdn.Requests).Count(static request => request.Method == "GET");

    public HubFile Add(string path, int length, bool isLarge = true)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return Files[path] = new HubFile(content, isLarge);
    }

    public static FakeResponse Error(int status, string? code = null)
    {
        var response = new FakeResponse { Status = status, Body = "error"u8.ToArray() };
        if (code is not null)
            response.Headers["X-Error-Code"] = code;
        return response;
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        await Cdn.DisposeAsync();
    }

    private static bool IsManifest(FakeRequest request) => request.Path.EndsWith("/ritual_manifest.json", StringComparison.Ordinal);

    private FakeResponse Manifest(FakeRequest request)
        => Files.Keys.Any(static key => key.EndsWith("/ritual_manifest.json", StringComparison.Ordinal)) ? Answer(request) : Error(404, "EntryNotFound");

    private FakeResponse Answer(FakeRequest request)
    {
        if (Token is not null && request.Header("Authorization") != $"Bearer {Token}")
            return Error(401, "RepoNotFound");
        var parts = request.Path.TrimStart('/').Split('/', 5);
        if (parts is ["api", "models", var listedOwner, var listedName, var rest])
            return List($"{listedOwner}/{listedName}/", rest);
        if (parts is not [var owner, var name, "resolve", var revision, var file])
            return Error(404);
        if (!Files.Keys.Any(key => key.StartsWith($"{owner}/{name}/", StringComparison.Ordinal)))
            return Error(404, "RepoNotFound");
        if (Uri.UnescapeDataString(revision) is not ("main" or "refs/pr/1" or Commit))
            return Error(404, "RevisionNotFound");
        var key = $"{owner}/{name}/{Uri.UnescapeDataString(file)}";
        return Files.TryGetValue(key, out var found) ? Found(request, key, found) : Error(404, "EntryNotFound");
    }

    // /api/models/{owner}/{name}/revision/{revision}
    private FakeResponse List(string repository, string rest)
    {
        var names = Files.Keys.Where(key => key.StartsWith(repository, StringComparison.Ordinal)).Select(key => key[repository.Length..]).ToList();
        if (names.Count == 0)
            return Error(404, "RepoNotFound");
        if (Uri.UnescapeDataString(rest) is not ("revision/main" or "revision/refs/pr/1" or "revision/" + Commit))
            return Error(404, "RevisionNotFound");
        var siblings = names.Select(static name => new Dictionary<string, string> { ["rfilename"] = name });
        return new FakeResponse { Body = JsonSerializer.SerializeToUtf8Bytes(new { id = repository.TrimEnd('/'), sha = Commit, siblings }) };
    }

    private FakeResponse Found(FakeRequest request, string key, HubFile file)
    {
        var response = file.IsLarge ? new FakeResponse { Status = 302 } : Content(request, file);
        response.Headers["X-Repo-Commit"] = Commit;
        if (file.IsLarge)
        {
            response.Headers["X-Linked-ETag"] = $"\"{file.Hash}\"";
            response.Headers["X-Linked-Size"] = file.Content.Length.ToString(CultureInfo.InvariantCulture);
            response.Headers["Location"] = $"{Cdn.Address}/cdn/{key}";
        }

        return response;
    }

    private static FakeResponse Content(FakeRequest request, HubFile file)
    {
        var tag = file.IsLarge ? $"\"cdn-{file.Sha256[..8]}\"" : $"\"{file.Hash}\"";
        var response = new FakeResponse { Body = file.Content };
        response.Headers["ETag"] = tag;
        var ifRange = request.Header("If-Range");
        if (request.Header("Range") is not { } range || (ifRange is not null && ifRange != tag))
            return response;
        var from = (int)RangeHeaderValue.Parse(range).Ranges.Single().From!.Value;
        if (from >= file.Content.Length)
            return Error(416);
        response.Status = 206;
        response.Headers["Content-Range"] = $"bytes {from}-{file.Content.Length - 1}/{file.Content.Length}";
        response.Body = file.Content[from..];
        return response;
    }
}

using System.Security.Cryptography;
using System.Text;
using Granary.Serving.Models;

namespace Granary.Serving.Weights;

/// <summary>
/// Paths of the store: <c>blobs/SHA256</c> the files, <c>refs/ID.json</c> which file a model id meant last, <c>partial/ID.part</c>
/// and <c>ID.json</c> broken downloads, <c>locks/NNN</c> who is downloading. ID is the SHA-256 of the model id, so no path ever
/// holds a character that came with a request.
/// </summary>
internal sealed class StoreLayout
{
    public StoreLayout(string directory)
    {
        Root = Path.GetFullPath(directory);
        foreach (var name in (string[])["blobs", "refs", "partial", "locks"])
            Directory.CreateDirectory(Path.Join(Root, name));
    }

    public string Root { get; }

    public string Blobs => Path.Join(Root, "blobs");

    public string Refs => Path.Join(Root, "refs");

    public string Partials => Path.Join(Root, "partial");

    public string Blob(string sha256) => Path.Join(Blobs, sha256);

    public string Ref(string key) => Path.Join(Refs, key + ".json");

    public string Part(string key) => Path.Join(Partials, key + ".part");

    public string PartState(string key) => Path.Join(Partials, key + ".json");

    /// <summary>
    /// One of 4,096 lock files: a file a model id would grow without bound, and a lock file that is deleted can be held twice.
    /// Two ids that share one wait for each other, no more.
    /// </summary>
    public string Lock(string key) => Path.Join(Root, "locks", key[..3]);

    public static string Key(ModelId id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id.ToString())));
}

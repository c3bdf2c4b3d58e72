using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Granary.Serving.Sources.Arweave;

/// <summary>The header of a transaction, as <c>GET /tx/{id}</c> tells it. Source: arweave.dev, HTTP API; ar_tx.erl.</summary>
internal sealed record ArweaveTransaction(
    string Id, int Format, byte[] Owner, byte[] Target, string Quantity, string Reward, byte[] LastTransaction, IReadOnlyList<ArweaveTag> Tags,
    long DataSize, byte[] DataRoot, byte[] Signature, string Denomination)
{
    /// <exception cref="FormatException">A field is missing or malformed.</exception>
    /// <exception cref="InvalidOperationException">A field is of another kind.</exception>
    /// <exception cref="KeyNotFoundException">A field is missing.</exception>
    public static ArweaveTransaction Read(JsonElement json) => new(
        Text(json, "id"),
        json.GetProperty("format").GetInt32(),
        Base64Url.Read(Text(json, "owner")),
        Base64Url.Read(Text(json, "target")),
        Number(Text(json, "quantity")),
        Number(Text(json, "reward")),
        Base64Url.Read(Text(json, "last_tx")),
        [.. json.GetProperty("tags").EnumerateArray().Select(static tag => new ArweaveTag(Base64Url.Read(Text(tag, "name")), Base64Url.Read(Text(tag, "value"))))],
        long.Parse(Number(Text(json, "data_size")), CultureInfo.InvariantCulture),
        Base64Url.Read(Text(json, "data_root")),
        Base64Url.Read(Text(json, "signature")),
        json.TryGetProperty("denomination", out var denomination) ? Number(denomination.ToString()) : "0");

    /// <summary>SHA-256 of what the owner of a transaction of format 2 signed.</summary>
    public byte[] SignedHash()
    {
        var parts = new List<byte[]>
        {
            DeepHash.Blob(Format.ToString(CultureInfo.InvariantCulture)),
            DeepHash.Blob(Owner),
            DeepHash.Blob(Target),
            DeepHash.Blob(Quantity),
            DeepHash.Blob(Reward),
            DeepHash.Blob(LastTransaction),
            DeepHash.List([.. Tags.Select(static tag => DeepHash.List([DeepHash.Blob(tag.Name), DeepHash.Blob(tag.Value)]))]),
            DeepHash.Blob(DataSize.ToString(CultureInfo.InvariantCulture)),
            DeepHash.Blob(DataRoot),
        };
        if (Denomination != "0")
            parts.Insert(0, DeepHash.Blob(Denomination));
        return SHA256.HashData(DeepHash.List(parts));
    }

    /// <summary>What stands before and behind the data in the message that the owner of a transaction of format 1 signed.</summary>
    public (byte[] Before, byte[] Behind) Message() => (
        [.. Owner, .. Target],
        [.. Encoding.ASCII.GetBytes(Quantity + Reward), .. LastTransaction, .. Tags.SelectMany(static tag => tag.Name.Concat(tag.Value))]);

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");

    private static string Number(string text) =>
        text.Length is > 0 and <= 80 && !text.AsSpan().ContainsAnyExceptInRange('0', '9') && (text.Length == 1 || text[0] != '0')
            ? text
            : throw new FormatException("a number is malformed");
}

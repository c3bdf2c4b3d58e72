using System.Text;

namespace Granary.Serving.Sources.Arweave;

/// <summary>A name and a value that a transaction or data item carries.</summary>
internal readonly record struct ArweaveTag(byte[] Name, byte[] Value)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The value of the first tag of a name; null when there is none or it is not text.</summary>
    public static string? Find(IReadOnlyList<ArweaveTag> tags, string name)
    {
        var wanted = Encoding.UTF8.GetBytes(name);
        foreach (var tag in tags)
        {
            if (tag.Name.AsSpan().SequenceEqual(wanted))
                return Text(tag.Value);
        }

        return null;
    }

    private static string? Text(byte[] value)
    {
        try
        {
            return Strict.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

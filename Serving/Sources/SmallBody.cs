namespace Granary.Serving.Sources;

/// <summary>Reads answers that are small by nature, so that a source cannot fill the memory.</summary>
internal static class SmallBody
{
    /// <summary>The whole content; null when it is longer than the limit.</summary>
    public static async Task<byte[]?> ReadAsync(Stream content, int maxBytes, CancellationToken cancellation)
    {
        var result = new MemoryStream();
        var buffer = new byte[16384];
        while (await content.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var count)
        {
            if (result.Length + count > maxBytes)
                return null;
            result.Write(buffer, 0, count);
        }

        return result.ToArray();
    }
}

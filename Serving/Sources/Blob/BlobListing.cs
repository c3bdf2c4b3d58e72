using System.Globalization;
using System.Xml;
using Granary.Serving.Models;

namespace Granary.Serving.Sources.Blob;

/// <summary>
/// Reads one page of the answer to List Blobs. Source: https://learn.microsoft.com/rest/api/storageservices/list-blobs.
/// </summary>
internal static class BlobListing
{
    /// <summary>Adds the names of a page, without their prefix.</summary>
    /// <returns>The marker of the next page; empty on the last.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: it is no listing.</exception>
    public static string Read(ReadOnlyMemory<byte> xml, string prefix, List<string> names, ModelId id)
    {
        var entries = new List<BlobEntry>();
        var marker = Read(xml, prefix, entries, id);
        names.AddRange(entries.Select(static entry => entry.Name));
        return marker;
    }

    /// <summary>Adds the blobs of a page, their names without the prefix.</summary>
    /// <returns>The marker of the next page; empty on the last.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: it is no listing.</exception>
    public static string Read(ReadOnlyMemory<byte> xml, string prefix, List<BlobEntry> entries, ModelId id)
    {
        var marker = "";
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreWhitespace = true };
            using var reader = XmlReader.Create(new MemoryStream(xml.ToArray()), settings);
            while (!reader.EOF)
            {
                if (reader is { NodeType: XmlNodeType.Element, Name: "NextMarker" })
                    marker = reader.ReadElementContentAsString();
                else if (reader is { NodeType: XmlNodeType.Element, Name: "Blob" })
                    ReadBlob(reader, prefix, entries);
                else
                    reader.Read();
            }
        }
        catch (XmlException error)
        {
            throw new ServingException(ServingError.SourceFailed, $"Azure Blob storage sent a listing of {ModelIdText.Quote(id.ToString())} that is no XML", error);
        }

        return marker;
    }

    private static void ReadBlob(XmlReader reader, string prefix, List<BlobEntry> entries)
    {
        var (name, etag, length, isDirectory) = ("", "", 0L, false);
        using var blob = reader.ReadSubtree();
        blob.Read();
        while (!blob.EOF)
        {
            // Reading an element's content moves behind its end.
            switch (blob is { NodeType: XmlNodeType.Element } ? (blob.Name, blob.Depth) : ("", 0))
            {
                case ("Name", 1):
                    name = blob.ReadElementContentAsString();
                    break;
                case ("Etag", 2):
                    etag = blob.ReadElementContentAsString();
                    break;
                case ("Content-Length", 2):
                    _ = long.TryParse(blob.ReadElementContentAsString(), NumberStyles.None, CultureInfo.InvariantCulture, out length);
                    break;
                case ("ResourceType", 2):
                    isDirectory = blob.ReadElementContentAsString() == "directory";
                    break;
                default:
                    blob.Read();
                    break;
            }
        }

        if (name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length && !isDirectory)
            entries.Add(new BlobEntry(name[prefix.Length..], length, etag));
    }
}

/// <summary>A blob in a listing.</summary>
/// <param name="Name">Without the prefix that was asked for.</param>
/// <param name="Length">In bytes.</param>
/// <param name="ETag">As the listing writes it, mostly without quotes; empty when it does not say.</param>
internal readonly record struct BlobEntry(string Name, long Length, string ETag);

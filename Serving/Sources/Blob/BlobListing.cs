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
                    ReadBlob(reader, prefix, names);
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

    private static void ReadBlob(XmlReader reader, string prefix, List<string> names)
    {
        using var blob = reader.ReadSubtree();
        while (blob.Read())
        {
            if (blob is not { NodeType: XmlNodeType.Element, Name: "Name", Depth: 1 })
                continue;
            var name = blob.ReadElementContentAsString();
            if (name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length)
                names.Add(name[prefix.Length..]);
            break;
        }
    }
}

using System.Text;
using Granary.Serving.Models;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Blob;

public sealed class BlobListingTests
{
    private static readonly ModelId Id = ModelIdParser.Parse("blob/c/m");

    [Fact]
    public void Read_Page_AddsNamesWithoutPrefixAndTellsTheNextMarker()
    {
        var names = new List<string>();
        var marker = Read(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <EnumerationResults ServiceEndpoint="https://a.example/" ContainerName="c">
              <Prefix>m/</Prefix>
              <Blobs>
                <Blob><Name>m/a&amp;b.pt</Name><Properties><Etag>0x8</Etag><Content-MD5 /></Properties><OrMetadata><Name>no</Name></OrMetadata></Blob>
                <BlobPrefix><Name>m/deeper/</Name></BlobPrefix>
                <Blob><Name>m/</Name></Blob><Blob><Properties /><Name>m/c.pt</Name></Blob>
              </Blobs>
              <NextMarker>2!92!next</NextMarker>
            </EnumerationResults>
            """, names);

        Assert.Equal(["a&b.pt", "c.pt"], names);
        Assert.Equal("2!92!next", marker);
    }

    [Fact]
    public void Read_Page_TellsLengthsAndTagsAndLeavesDirectoriesOut()
    {
        var entries = new List<BlobEntry>();

        BlobListing.Read(
            """
            <EnumerationResults><Blobs>
              <Blob><Name>m/a.pt</Name><Properties><Content-Length>12</Content-Length><Etag>0x8D</Etag></Properties></Blob>
              <Blob><Name>m/b</Name><Properties><ResourceType>directory</ResourceType><Content-Length>0</Content-Length></Properties></Blob>
              <Blob><Name>m/b/c.pt</Name></Blob>
            </Blobs></EnumerationResults>
            """u8.ToArray(), "m/", entries, Id);

        Assert.Equal([new BlobEntry("a.pt", 12, "0x8D"), new BlobEntry("b/c.pt", 0, "")], entries);
    }

    [Theory]
    [InlineData("<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>")]
    [InlineData("<EnumerationResults><Blobs></Blobs></EnumerationResults>")]
    public void Read_LastPage_HasNoMarker(string xml) => Assert.Equal("", Read(xml, []));

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("<EnumerationResults><Blobs>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>")]
    public void Read_NoListing_IsSourceFailed(string xml)
        => Assert.Contains("that is no XML", Raises.Serving(ServingError.SourceFailed, () => Read(xml, [])), StringComparison.Ordinal);

    private static string Read(string xml, List<string> names) => BlobListing.Read(Encoding.UTF8.GetBytes(xml), "m/", names, Id);
}

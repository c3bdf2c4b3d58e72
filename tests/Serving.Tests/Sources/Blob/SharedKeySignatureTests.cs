using Granary.Serving.Sources.Blob;

namespace Granary.Serving.Tests.Sources.Blob;

public sealed class SharedKeySignatureTests
{
    // The example of https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key, "Constructing the signature string".
    [Fact]
    public void TextToSign_ExampleOfTheSpecification_IsTheSame()
        => Assert.Equal(
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
            + "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20",
            Text("https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20",
                ("x-ms-version", "2015-02-21"), ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT")));

    [Fact]
    public void TextToSign_StandardHeaders_StandInTheirOrder()
        => Assert.Equal(
            "GET\ngzip\nde\n12\nmd5\ntext/plain\n\nsince\n\"tag\"\n\"other\"\nunmodified\nbytes=1-2\nx-ms-a:1\nx-ms-b:2\n/myaccount/c/b",
            Text("https://myaccount.blob.core.windows.net/c/b",
                ("Range", "bytes=1-2"), ("If-Unmodified-Since", "unmodified"), ("If-None-Match", "\"other\""), ("If-Match", "\"tag\""),
                ("If-Modified-Since", "since"), ("Content-Type", "text/plain"), ("Content-MD5", "md5"), ("Content-Length", "12"),
                ("Content-Language", "de"), ("Content-Encoding", "gzip"), ("X-MS-B", " 2 "), ("x-ms-a", "1"), ("Accept", "*/*")));

    [Theory]
    [InlineData("https://a.example/c?include=metadata&include=copy&comp=list", "/myaccount/c\ncomp:list\ninclude:copy,metadata")]
    [InlineData("https://a.example/c?prefix=a%20b%2F&Comp=list", "/myaccount/c\ncomp:list\nprefix:a b/")]
    [InlineData("https://a.example/c/a%20b%2523", "/myaccount/c/a%20b%2523")]
    [InlineData("http://127.0.0.1:1/myaccount/c", "/myaccount/myaccount/c")]
    public void TextToSign_Resource_IsCanonical(string uri, string resource)
        => Assert.EndsWith("\n\n" + resource, Text(uri), StringComparison.Ordinal);

    private static string Text(string uri, params (string Name, string Value)[] headers)
        => SharedKeySignature.TextToSign("myaccount", "GET", new Uri(uri), [.. headers.Select(static header => KeyValuePair.Create(header.Name, header.Value))]);
}

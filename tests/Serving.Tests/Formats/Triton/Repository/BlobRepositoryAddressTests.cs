using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Sources.Blob;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

public sealed class BlobRepositoryAddressTests
{
    [Theory]
    [InlineData("blob/models", null, "blob/models")]
    [InlineData("blob/models/a/b/", null, "blob/models/a/b")]
    [InlineData("https://acct.blob.core.windows.net/models/a", "https://acct.blob.core.windows.net", "blob/models/a")]
    [InlineData("https://acct.blob.core.windows.net/models/a%20b/", "https://acct.blob.core.windows.net", "blob/models/a b")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/models/a", "http://127.0.0.1:10000/devstoreaccount1", "blob/models/a")]
    [InlineData("as://acct/models/a", "https://acct.blob.core.windows.net", "blob/models/a")]
    [InlineData("as://acct.blob.core.windows.net/models", "https://acct.blob.core.windows.net", "blob/models")]
    public void TryRead_EveryWayToWriteOne_NamesAccountAndPlace(string text, string? service, string id)
    {
        Assert.True(BlobRepositoryAddress.TryRead(text, out var address, out _));
        Assert.Equal((service, id), (address.Service, address.Id));
    }

    [Theory]
    [InlineData("blob/", "names no container")]
    [InlineData("blob/models/../x", "cannot be a repository: ")]
    [InlineData("https://acct.blob.core.windows.net/", "names no container")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1", "names no container")]
    [InlineData("https://acct.blob.core.windows.net/m?sv=1&sig=secret", "is no address of Azure Blob storage ")]
    [InlineData("s3://bucket/models", "is no address of Azure Blob storage ")]
    [InlineData("as:///models", "names no storage account; ")]
    [InlineData("as://user:pw@acct/models", "names no storage account; ")]
    public void TryRead_Wrong_SaysWhatWithoutTheText(string text, string expected)
    {
        Assert.False(BlobRepositoryAddress.TryRead(text, out _, out var fault));
        Assert.StartsWith(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_OneRepositoryWrittenTwice_IsRefusedAndSecretsStayHidden() => Assert.Equal(
        [
            "ModelRepository:Paths 'https://a.example/c' is no address of Azure Blob storage such as https://account.blob.core.windows.net/container/path (without a query; a signature belongs into AzureStorage:Sas)",
            "ModelRepository:Paths names a repository twice",
        ],
        new ModelRepositoryOptionsValidator().Validate(null, new ModelRepositoryOptions { Paths = ["https://a.example/c?sig=secret", "blob/c/m", "as://acct/c/m/"] }).Failures);

    [Theory]
    [InlineData(null, "https://acct.blob.core.windows.net")]
    [InlineData("https://other.example", "https://other.example")]
    public void FillIn_AddressOfARepository_NamesTheAccountWhenNothingElseDoes(string? configured, string expected)
    {
        var options = new BlobStorageOptions { BlobEndpoint = configured };

        BlobRepositories.FillIn(options, new ModelRepositoryOptions { Paths = ["/models", "blob/c/m", "as://acct/c/n"] });

        Assert.Equal(expected, options.BlobEndpoint);
    }
}

using Granary.Serving.Sources.Blob;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Sources.Blob;

public sealed class BlobAccountTests
{
    private const string Key = "c2VjcmV0IGtleQ==";

    [Fact]
    public void Read_NothingSet_IsNoAccountAndNoFault()
        => Assert.Null(Read(new BlobStorageOptions()));

    [Fact]
    public void Read_EndpointAlone_IsTheIdentity()
    {
        var account = Read(new BlobStorageOptions { BlobEndpoint = "https://acme.blob.core.windows.net/" })!;

        Assert.Equal((BlobAccess.Identity, null), (account.Access, account.ClientId));
        Assert.Equal("https://acme.blob.core.windows.net/weights/a%20b/c%23.pt", account.Blob("weights", "a b/c#.pt").AbsoluteUri);
    }

    [Fact]
    public void Read_ClientId_IsThatIdentity()
    {
        var account = Read(new BlobStorageOptions { BlobEndpoint = "https://acme.blob.core.windows.net", ClientId = "0b2f4f5c-2f6e-4f3c-9a5e-111111111111" })!;

        Assert.Equal((BlobAccess.Identity, "0b2f4f5c-2f6e-4f3c-9a5e-111111111111"), (account.Access, account.ClientId));
    }

    [Theory]
    [InlineData("AccountName=acme;AccountKey=" + Key + ";EndpointSuffix=core.windows.net", "https://acme.blob.core.windows.net")]
    [InlineData("DefaultEndpointsProtocol=https; AccountName=acme; AccountKey=" + Key + " ;", "https://acme.blob.core.windows.net")]
    [InlineData("accountname=acme;accountkey=" + Key + ";EndpointSuffix=core.chinacloudapi.cn", "https://acme.blob.core.chinacloudapi.cn")]
    [InlineData("AccountName=acme;AccountKey=" + Key + ";BlobEndpoint=http://127.0.0.1:10000/acme", "http://127.0.0.1:10000/acme")]
    public void Read_ConnectionStringWithAKey_IsSharedKey(string text, string endpoint)
    {
        var account = Read(new BlobStorageOptions { ConnectionString = text })!;

        Assert.Equal((BlobAccess.SharedKey, "acme", endpoint), (account.Access, account.Name, account.Endpoint.OriginalString));
        Assert.Equal("secret key"u8.ToArray(), account.Key);
    }

    [Fact]
    public void Read_DevelopmentStorage_IsAzurite()
    {
        var account = Read(new BlobStorageOptions { ConnectionString = "UseDevelopmentStorage=true" })!;

        Assert.Equal((BlobAccess.SharedKey, "devstoreaccount1"), (account.Access, account.Name));
        Assert.Equal("http://127.0.0.1:10000/devstoreaccount1/c/a", account.Blob("c", "a").AbsoluteUri);
    }

    [Fact]
    public void Read_ConnectionStringWithASas_IsThatSas()
    {
        var account = Read(new BlobStorageOptions { ConnectionString = "BlobEndpoint=https://acme.blob.core.windows.net;SharedAccessSignature=sv=2020&sig=a%3D" })!;

        Assert.Equal((BlobAccess.Sas, "sv=2020&sig=a%3D"), (account.Access, account.Sas));
    }

    [Theory]
    [InlineData("https://acme.blob.core.windows.net/weights?sv=2020&sig=a", "https://acme.blob.core.windows.net")]
    [InlineData("https://acme.blob.core.windows.net/?sv=2020&sig=a", "https://acme.blob.core.windows.net")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/weights?sv=2020&sig=a", "http://127.0.0.1:10000/devstoreaccount1")]
    public void Read_SasUrl_NamesTheServiceToo(string url, string endpoint)
    {
        var account = Read(new BlobStorageOptions { Sas = url })!;

        Assert.Equal((BlobAccess.Sas, "sv=2020&sig=a", endpoint), (account.Access, account.Sas, account.Endpoint.OriginalString));
    }

    [Theory]
    [InlineData("acme.blob.core.windows.net", null, null, null, false, "BlobEndpoint is not an address")]
    [InlineData("https://acme.blob.core.windows.net?sv=1&sig=SECRET", null, null, null, false, "a signature belongs into AzureStorage:Sas")]
    [InlineData("http://acme.example", null, null, null, false, "a managed identity needs https")]
    [InlineData("https://acme.example", null, null, "me", false, "ClientId is 'me'; expected the client id of a managed identity, a GUID")]
    [InlineData("https://acme.example", null, "SECRET", null, false, "Sas is not a shared access signature")]
    [InlineData("https://acme.example", null, "sv=1&sig=SEC\nRET", null, false, "Sas is not a shared access signature")]
    [InlineData(null, null, "sv=1&sig=SECRET", null, false, "BlobEndpoint is not set, but Sas is")]
    [InlineData(null, null, "acme?sv=1&sig=SECRET", null, false, "Sas has a '?' but no URL before it")]
    [InlineData(null, null, null, "0b2f4f5c-2f6e-4f3c-9a5e-111111111111", false, "BlobEndpoint is not set, but ClientId is")]
    [InlineData(null, null, null, null, true, "BlobEndpoint is not set, but Anonymous is")]
    [InlineData("https://acme.example", null, "sv=1&sig=SECRET", null, true, "AzureStorage has Sas and Anonymous; set one of them")]
    [InlineData(null, "AccountName=acme;AccountKey=***", null, null, false, "has an AccountKey that is not base64")]
    [InlineData(null, "AccountName=acme", null, null, false, "has neither AccountName and AccountKey nor SharedAccessSignature")]
    [InlineData(null, "AccountKey=" + Key, null, null, false, "has neither a BlobEndpoint nor an AccountName")]
    [InlineData(null, "SECRET", null, null, false, "has a part without '='")]
    [InlineData(null, "AccountName=a;AccountName=b;AccountKey=" + Key, null, null, false, "names AccountName twice")]
    [InlineData(null, "AccountName=a;BlobEndpoint=SECRET;AccountKey=" + Key, null, null, false, "has a BlobEndpoint that is no address")]
    [InlineData(null, "UseDevelopmentStorage=SECRET", null, null, false, "UseDevelopmentStorage with something else than true")]
    public void Validate_WrongOptions_AreNamedWithoutSecrets(string? endpoint, string? connection, string? sas, string? client, bool anonymous, string expected)
    {
        var options = new BlobStorageOptions { BlobEndpoint = endpoint, ConnectionString = connection, Sas = sas, ClientId = client, Anonymous = anonymous };
        var result = new BlobStorageOptionsValidator().Validate(Options.DefaultName, options);
        var message = string.Join('\n', result.Failures ?? []);

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain("SEC", message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_SeveralMistakes_AreAllNamed()
    {
        var options = new BlobStorageOptions { BlobEndpoint = "acme", ConnectionString = "AccountKey=***", Sas = "x" };
        var failures = new BlobStorageOptionsValidator().Validate(Options.DefaultName, options).Failures!.ToList();

        Assert.Equal(4, failures.Count);
    }

    private static BlobAccount? Read(BlobStorageOptions options)
    {
        var faults = new List<string>();
        var account = BlobAccount.Read(options, faults);
        Assert.Empty(faults);
        return account;
    }
}

using System.Security.Cryptography;
using System.Text;
using Granary.Serving.Models;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Blob;

[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobSourceTests(Azurite azurite)
{
    [Theory]
    [InlineData(BlobAccess.SharedKey)]
    [InlineData(BlobAccess.Sas)]
    [InlineData(BlobAccess.Anonymous)]
    internal async Task ResolveAsync_EachKindOfCredentials_FindsAndOpensTheBlob(BlobAccess access)
    {
        var container = await azurite.ContainerAsync(isPublic: access == BlobAccess.Anonymous);
        var content = BlobBed.Bytes(100_000);
        await azurite.PutAsync(container, "resnet/model.pt", content);
        var sas = Azurite.Sas(container, DateTimeOffset.UtcNow.AddHours(1));
        var source = BlobBed.Source(access switch
        {
            BlobAccess.SharedKey => BlobBed.Key(azurite.Endpoint),
            BlobAccess.Sas => new BlobStorageOptions { Sas = $"{azurite.Endpoint}/{container}?{sas}" },
            _ => new BlobStorageOptions { BlobEndpoint = azurite.Endpoint, Anonymous = true },
        });
        var file = await source.ResolveAsync($"blob/{container}/resnet/model.pt");

        Assert.Equal(100_000, file.Length);
        Assert.Equal(file.ETag!.Trim('"'), file.Revision);
        Assert.Equal(content, await file.ReadAsync());
        Assert.Equal(content[60_000..], await file.ReadAsync(60_000));
    }

    [Theory]
    [InlineData("a b/c%2fd+e.pt")]
    [InlineData("größe/模型.torch")]
    [InlineData("a&b=c/d#e?f.pt")]
    public async Task ResolveAsync_OddNames_AreFoundUnderEveryCredential(string path)
    {
        var container = await azurite.ContainerAsync();
        await azurite.PutAsync(container, path, [1, 2, 3]);
        var sas = new BlobStorageOptions { BlobEndpoint = azurite.Endpoint, Sas = "?" + Azurite.Sas(container, DateTimeOffset.UtcNow.AddHours(1)) };

        Assert.Equal([1, 2, 3], await (await BlobBed.WithKey(azurite.Endpoint).ResolveAsync($"blob/{container}/{path}")).ReadAsync());
        Assert.Equal([1, 2, 3], await (await BlobBed.Source(sas).ResolveAsync($"blob/{container}/{path}")).ReadAsync());
    }

    [Fact]
    public async Task ResolveAsync_FolderWithAManifest_TakesItsFileAndItsHash()
    {
        var container = await azurite.ContainerAsync();
        var content = BlobBed.Bytes(500);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        await azurite.PutAsync(container, "m/v1/net.torch", content);
        await azurite.PutAsync(container, "m/v1/other.pt", content);
        await azurite.PutAsync(container, "m/v1/ritual_manifest.json", Encoding.UTF8.GetBytes(
            $$"""{"files": ["readme.md", "net.torch"], "metadata": {}, "artifact_type": "ModelArtifact", "file_hashes": {"net.torch": "{{hash.ToUpperInvariant()}}"} }"""));
        var source = BlobBed.WithKey(azurite.Endpoint);

        Assert.Equal(hash, (await source.ResolveAsync($"blob/{container}/m/v1")).Sha256);
        Assert.Equal(hash, (await source.ResolveAsync($"blob/{container}/m/v1:net.torch")).Sha256);
        Assert.Null((await source.ResolveAsync($"blob/{container}/m/v1:other.pt")).Sha256);
        Assert.Equal(content, await (await source.ResolveAsync($"blob/{container}/m/v1")).ReadAsync());
    }

    [Fact]
    public async Task ResolveAsync_FolderWithoutAManifest_TakesTheOneModelOrNamesTheCandidates()
    {
        var container = await azurite.ContainerAsync();
        foreach (var path in (string[])["one/net.pth", "one/readme.md", "one/deeper/b.pt", "two/a.pt", "two/b.pt", "usual/a.pt", "usual/model.pt", "none/a.txt", "at-the-top.pt"])
            await azurite.PutAsync(container, path, Encoding.UTF8.GetBytes(path));
        var source = BlobBed.WithKey(azurite.Endpoint);

        Assert.Equal("one/net.pth"u8.ToArray(), await (await source.ResolveAsync($"blob/{container}/one")).ReadAsync());
        Assert.Equal("usual/model.pt"u8.ToArray(), await (await source.ResolveAsync($"blob/{container}/usual")).ReadAsync());
        Assert.Equal("at-the-top.pt"u8.ToArray(), await (await source.ResolveAsync($"blob/{container}:at-the-top.pt")).ReadAsync());
        Assert.EndsWith("name the file after ':' (in it: a.pt, b.pt)", await NotFound($"blob/{container}/two"), StringComparison.Ordinal);
        Assert.EndsWith("(no .torch, .pt or .pth file is in it)", await NotFound($"blob/{container}/none"), StringComparison.Ordinal);
        Assert.Contains("neither a blob nor a folder", await NotFound($"blob/{container}/absent"), StringComparison.Ordinal);
        Assert.Contains("no blob 'c.pt'", await NotFound($"blob/{container}/two:c.pt"), StringComparison.Ordinal);
        Assert.Contains("no container 'absent'", await NotFound("blob/absent/two:c.pt"), StringComparison.Ordinal);

        Task<string> NotFound(string id) => Raises.ServingAsync(ServingError.NotFound, () => source.ResolveAsync(id));
    }

    [Fact]
    public async Task ResolveAsync_DamagedManifest_LoadsNothing()
    {
        var container = await azurite.ContainerAsync();
        await azurite.PutAsync(container, "m/a.pt", [1]);
        await azurite.PutAsync(container, "m/ritual_manifest.json", """{"files": ["a.pt"], "file_hashes": {"a.pt": "1234"}}"""u8.ToArray());
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => BlobBed.WithKey(azurite.Endpoint).ResolveAsync($"blob/{container}/m:a.pt"));

        Assert.EndsWith("is not valid: the hash of 'a.pt' is no SHA-256 in hex", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_WrongKey_IsRefusedWithoutShowingIt()
    {
        var container = await azurite.ContainerAsync();
        await azurite.PutAsync(container, "a.pt", [1]);
        var key = Convert.ToBase64String("not the key of the account"u8);
        var log = new LineLogger<AzureBlobSource>();
        var source = BlobBed.Source(new BlobStorageOptions { ConnectionString = $"AccountName={Azurite.AccountName};AccountKey={key};BlobEndpoint={azurite.Endpoint}" }, log: log);
        var thrown = await Assert.ThrowsAsync<ServingException>(() => source.ResolveAsync($"blob/{container}/a.pt"));

        Assert.Equal(ServingError.PermissionDenied, thrown.Error);
        Assert.Matches(@"refused 'blob/.*' \(403, AuthorizationFailure, request id [0-9a-f-]{36}\); the account key is wrong", thrown.Message);
        Assert.DoesNotContain(key, thrown + string.Join('\n', log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_ExpiredSas_IsRefusedWithoutShowingIt()
    {
        var container = await azurite.ContainerAsync();
        await azurite.PutAsync(container, "a.pt", [1]);
        var sas = Azurite.Sas(container, DateTimeOffset.UtcNow.AddHours(-1));
        var log = new LineLogger<AzureBlobSource>();
        var source = BlobBed.Source(new BlobStorageOptions { BlobEndpoint = azurite.Endpoint, Sas = sas }, log: log);
        var thrown = await Assert.ThrowsAsync<ServingException>(() => source.ResolveAsync($"blob/{container}/a.pt"));

        Assert.Equal(ServingError.PermissionDenied, thrown.Error);
        Assert.Contains("the SAS has expired, or does not allow to read", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sig=", thrown + string.Join('\n', log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_SasWithoutList_FindsFilesButNotFolders()
    {
        var container = await azurite.ContainerAsync();
        await azurite.PutAsync(container, "m/a.pt", [1]);
        var source = BlobBed.Source(new BlobStorageOptions { BlobEndpoint = azurite.Endpoint, Sas = Azurite.Sas(container, DateTimeOffset.UtcNow.AddHours(1), "r") });

        Assert.Equal(1, (await source.ResolveAsync($"blob/{container}/m:a.pt")).Length);
        await Raises.ServingAsync(ServingError.PermissionDenied, () => source.ResolveAsync($"blob/{container}/m"));
    }

    [Fact]
    public async Task ResolveAsync_PrivateContainerAskedAnonymously_IsNotShown()
    {
        var container = await azurite.ContainerAsync();
        await azurite.PutAsync(container, "a.pt", [1]);
        var source = BlobBed.Source(new BlobStorageOptions { BlobEndpoint = azurite.Endpoint, Anonymous = true });
        var thrown = await Assert.ThrowsAsync<ServingException>(() => source.ResolveAsync($"blob/{container}/a.pt"));

        // Azure answers 404 or 409, Azurite 403.
        Assert.Equal(ServingError.PermissionDenied, thrown.Error);
        Assert.Contains("configure an identity, a SAS or a connection string", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_NothingConfigured_SaysWhatToSet()
        => Assert.Contains("the operator sets AzureStorage:BlobEndpoint", await Raises.ServingAsync(
            ServingError.Unsupported, () => BlobBed.Source(new BlobStorageOptions()).ResolveAsync("blob/c/a.pt")), StringComparison.Ordinal);

    [Theory]
    [InlineData("c/../secret.pt")]
    [InlineData("c")]
    public async Task ResolveAsync_HandMadeId_IsRefused(string repository)
        => await Raises.ServingAsync(ServingError.InvalidArgument, () => BlobBed.WithKey(azurite.Endpoint)
            .ResolveAsync(new ModelId(ModelSourceKind.Blob, repository, null, null), false, default));
}

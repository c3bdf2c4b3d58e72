using System.Text;
using System.Text.Json;
using Azure.Core.Pipeline;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Blob;

/// <summary>A managed identity: the token comes from a double of the metadata service, azurite reads it and speaks TLS.</summary>
public sealed class BlobIdentityTests(AzuriteWithTokens azurite) : IClassFixture<AzuriteWithTokens>
{
    [Fact]
    public async Task ResolveAsync_ManagedIdentity_AsksForATokenOnceAndSendsIt()
    {
        var (client, container) = (Guid.NewGuid().ToString(), await azurite.ContainerAsync());
        await azurite.PutAsync(container, "a.pt", [1, 2, 3]);
        await using var metadata = new FakeServer();
        metadata.Handler = static _ => Token("https://storage.azure.com");
        var file = await Source(client, metadata).ResolveAsync($"blob/{container}/a.pt");

        Assert.Equal([1, 2, 3], await file.ReadAsync());
        var request = Assert.Single(metadata.Requests);
        Assert.Equal("true", request.Header("Metadata"));
        Assert.Contains("resource=https://storage.azure.com", Uri.UnescapeDataString(request.Path), StringComparison.Ordinal);
        Assert.Contains("client_id=" + client, request.Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_TokenForSomethingElse_IsRefusedWithAdvice()
    {
        var container = await azurite.ContainerAsync();
        await using var metadata = new FakeServer();
        metadata.Handler = static _ => Token("https://vault.azure.net");
        var message = await Raises.ServingAsync(
            ServingError.PermissionDenied, () => Source(Guid.NewGuid().ToString(), metadata).ResolveAsync($"blob/{container}/a.pt"));

        Assert.Contains("the role Storage Blob Data Reader", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_NoSuchIdentity_SaysThatThereIsNoToken()
    {
        await using var metadata = new FakeServer();
        metadata.Handler = static _ => new FakeResponse { Status = 400, Body = """{"error":"invalid_request","error_description":"Identity not found"}"""u8.ToArray() };
        var log = new LineLogger<AzureBlobSource>();
        var message = await Raises.ServingAsync(
            ServingError.SourceFailed, () => Source(Guid.NewGuid().ToString(), metadata, log).ResolveAsync("blob/c/a.pt"));

        Assert.Equal("'blob/c/a.pt' could not be asked for: this server got no token for Azure Blob storage (its log says why)", message);
        Assert.Contains("Warning: no token for Azure Blob storage", log.Lines);
    }

    private AzureBlobSource Source(string client, FakeServer metadata, LineLogger<AzureBlobSource>? log = null)
    {
        var options = new BlobStorageOptions { BlobEndpoint = azurite.Endpoint, ClientId = client };
        var network = new HttpClientTransport(new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
        }));
        var account = BlobAccount.Read(options, [])!;
        return BlobBed.Source(options, BlobPipelines.Credential(account, new HttpClientTransport(new HttpClient(new Diverter(metadata)))), network, log);
    }

    private static FakeResponse Token(string audience)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new { aud = audience, iss = "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/", iat = now - 60, nbf = now - 60, exp = now + 3600 };
        var token = $"{Part(new { alg = "RS256", typ = "JWT" })}.{Part(claims)}.c2lnbmF0dXJl";
        return new FakeResponse
        {
            Headers = { ["Content-Type"] = "application/json" },
            Body = JsonSerializer.SerializeToUtf8Bytes(new { access_token = token, token_type = "Bearer", resource = audience, expires_on = $"{now + 3600}", expires_in = "3600" }),
        };
    }

    private static string Part(object value)
        => Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value))).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>Sends what is for the metadata service, whose address cannot be configured, to its double.</summary>
    private sealed class Diverter(FakeServer metadata) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("169.254.169.254", request.RequestUri!.Host);
            request.RequestUri = new Uri(metadata.Address + request.RequestUri.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}

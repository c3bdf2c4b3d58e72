using Azure.Core;
using Azure.Core.Pipeline;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Tests.Support;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Sources.Blob;

/// <summary>Makes the source under test.</summary>
internal static class BlobBed
{
    public static SourceHttpOptions Retries { get; } = new() { FirstRetryDelay = TimeSpan.FromMilliseconds(1), MaxAttempts = 3 };

    public static AzureBlobSource Source(
        BlobStorageOptions options, TokenCredential? credential = null, HttpPipelineTransport? transport = null,
        LineLogger<AzureBlobSource>? log = null, TimeProvider? time = null)
        => new(Options.Create(options), Options.Create(Retries), time ?? TimeProvider.System, log ?? new LineLogger<AzureBlobSource>(), credential, transport);

    public static AzureBlobSource WithKey(string endpoint) => Source(Key(endpoint));

    public static BlobStorageOptions Key(string endpoint)
        => new() { ConnectionString = $"AccountName={Azurite.AccountName};AccountKey={Azurite.AccountKey};BlobEndpoint={endpoint}" };

    public static async Task<RemoteSourceFile> ResolveAsync(this AzureBlobSource source, string id)
        => (RemoteSourceFile)await source.ResolveAsync(ModelIdParser.Parse(id), trusted: false, CancellationToken.None);

    public static async Task<byte[]> ReadAsync(this RemoteSourceFile file, long offset = 0)
    {
        using var stream = await file.OpenAsync(offset, offset == 0 ? null : file.ETag, CancellationToken.None);
        Assert.Equal(offset, stream.Offset);
        var content = new MemoryStream();
        await stream.Content.CopyToAsync(content);
        return content.ToArray();
    }

    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}

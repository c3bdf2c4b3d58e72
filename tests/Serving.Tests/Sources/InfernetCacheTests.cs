using System.Security.Cryptography;
using Granary.Serving.Tests.Support;
using Granary.Serving.Tests.Weights;

namespace Granary.Serving.Tests.Sources;

/// <summary>Directories with manifests, and the cache of Infernet services 2.0.</summary>
public sealed class InfernetCacheTests : IAsyncLifetime
{
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData("weights"u8));
    private readonly StoreFixture _store = new();

    public InfernetCacheTests()
    {
        _store.Local.InfernetCache = Inside("cache");
        Directory.CreateDirectory(Inside("cache"));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _store.DisposeAsync().AsTask();

    [Theory]
    [InlineData("huggingface/o/n", "cache/huggingface/o/n/default")]
    [InlineData("huggingface/o/n:a.torch", "cache/huggingface/o/n/default")]
    [InlineData("arweave/o/n:a.torch", "cache/arweave/o/n/default")]
    [InlineData("arweave/o/n/v1:a.torch", "cache/arweave/o/n/v1")]
    [InlineData("local/o/n", "cache/local/o/n/default")]
    [InlineData("local/o/n/v1", "cache/local/o/n/v1")]
    [InlineData("local/o/n/v1:a.torch", "cache/local/o/n/v1")]
    public async Task AcquireAsync_CacheHasIt_IsUsedInPlaceAndVerified(string id, string directory)
    {
        Write(directory, Hash);
        _store.More = [new NoArweave()];
        using var lease = await _store.AcquireAsync(id);

        Assert.Equal((Inside(directory + "/a.torch"), Hash), (lease.Path, lease.Sha256));
        Assert.Empty(_store.Hub.Hub.Requests);
    }

    [Theory]
    [InlineData("huggingface/o/n:a.torch", "cache/huggingface/o/n/default")]
    [InlineData("local/o/n:a.torch", "cache/local/o/n/default")]
    public async Task AcquireAsync_ManifestDemandsAnotherHash_IsNotUsed(string id, string directory)
    {
        Write(directory, new string('0', 64));
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(id));

        Assert.Equal($"'{id}' has the SHA-256 {Hash}, its manifest demands {new string('0', 64)}; it is not used", message);
    }

    [Fact]
    public async Task AcquireAsync_HuggingFaceRevision_IsNotTakenFromTheCacheThatIgnoredIt()
    {
        Write("cache/huggingface/o/n/v1", Hash);
        await Raises.ServingAsync(ServingError.NotFound, () => _store.AcquireAsync("huggingface/o/n/v1:a.torch"));

        Assert.NotEmpty(_store.Hub.Hub.Requests);
    }

    [Fact]
    public async Task AcquireAsync_CacheSwitchedOff_AsksTheSource()
    {
        Write("cache/huggingface/o/n/default", Hash);
        _store.Local.UseInfernetCache = false;

        await Raises.ServingAsync(ServingError.NotFound, () => _store.AcquireAsync("huggingface/o/n:a.torch"));
    }

    [Fact]
    public async Task AcquireAsync_LinkOutOfTheCache_IsDeniedOrNotSeen()
    {
        Write("cache/huggingface/o/n/default", Hash);
        File.CreateSymbolicLink(Inside("cache/huggingface/o/n/default/b.pt"), _store.Temp.File("secret.pt"));
        Directory.CreateSymbolicLink(Inside("cache/huggingface/evil"), _store.Temp.Path);
        Directory.CreateDirectory(Inside("x/default"));
        _store.Temp.File("x/default/a.torch");

        await Raises.ServingAsync(ServingError.PermissionDenied, () => _store.AcquireAsync("huggingface/o/n:b.pt"));
        await Raises.ServingAsync(ServingError.NotFound, () => _store.AcquireAsync("huggingface/evil/x:a.torch"));
    }

    [Theory]
    [InlineData("local/m")]
    [InlineData("local/m:a.torch")]
    public async Task AcquireAsync_DirectoryOfARootWithAManifest_IsVerified(string id)
    {
        Write("models/m", Hash);
        _store.Local.Roots = [Inside("models")];
        using (var lease = await _store.AcquireAsync(id))
            Assert.Equal(Inside("models/m/a.torch"), lease.Path);
        Write("models/m", new string('1', 64));

        Assert.Contains("its manifest demands", await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync(id)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcquireAsync_ManifestIsALinkOutOfTheRoot_IsDenied()
    {
        _store.Temp.File("models/m/a.torch");
        File.CreateSymbolicLink(Inside("models/m/ritual_manifest.json"), _store.Temp.File("secret.json", "{}"));
        _store.Local.Roots = [Inside("models")];

        await Raises.ServingAsync(ServingError.PermissionDenied, () => _store.AcquireAsync("local/m"));
    }

    private void Write(string directory, string hash)
    {
        _store.Temp.File(directory + "/a.torch");
        _store.Temp.File(directory + "/b.torch");
        _store.Temp.File(directory + "/ritual_manifest.json", $$"""{"files": ["a.torch"], "file_hashes": {"a.torch": "{{hash}}"} }""");
    }

    private string Inside(string path) => Path.Combine(_store.Temp.Path, path);

    private sealed class NoArweave : Granary.Serving.Sources.IModelSource
    {
        public Granary.Serving.Models.ModelSourceKind Kind => Granary.Serving.Models.ModelSourceKind.Arweave;

        public Task<Granary.Serving.Sources.SourceFile> ResolveAsync(Granary.Serving.Models.ModelId id, bool trusted, CancellationToken cancellation)
            => throw new InvalidOperationException("the source must not be asked");
    }
}

using System.Security.Cryptography;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Tests.Weights;

namespace Granary.Serving.Tests.Sources.Blob;

/// <summary>What goes wrong on the way, with the weights store that has to cope with it.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class BlobFaultTests(Azurite azurite) : IAsyncLifetime
{
    private readonly StoreFixture _store = new();
    private BlobProxy _proxy = null!;
    private string _container = null!;

    public async Task InitializeAsync()
    {
        _proxy = new BlobProxy(azurite);
        _container = await azurite.ContainerAsync();
        _store.More = [BlobBed.WithKey(_proxy.Endpoint)];
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task AcquireAsync_ConnectionCutInTheMiddle_GoesOnWhereItBroke()
    {
        var content = await PutAsync(1_000_000);
        CutFirstGetAfter(400_000);
        using var lease = await _store.AcquireAsync($"blob/{_container}/a.pt");
        var gets = _proxy.Gets("a.pt").ToList();

        Assert.Equal(content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal(2, gets.Count);
        Assert.Equal("bytes=400000-", gets[1].Header("x-ms-range"));
        Assert.Equal(($"\"{lease.Revision}\"", $"\"{lease.Revision}\""), (gets[0].Header("If-Match"), gets[1].Header("If-Match")));
        Assert.Equal(1_000_000, _store.Counters.Snapshot().DownloadedBytes);
    }

    [Fact]
    public async Task AcquireAsync_KilledInTheMiddle_TheNextProcessGoesOnAndChecksTheMd5OfAll()
    {
        var content = await PutAsync(1_000_000);
        var gate = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        Once(request => request.Method == "GET", (_, response) => Stopping(response, 600_000, gate.Task));
        var first = _store.AcquireAsync($"blob/{_container}/a.pt", cancellation: stop.Token);
        await _store.WaitForPartAsync(600_000);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        using var lease = await _store.AcquireAsync($"blob/{_container}/a.pt");
        gate.SetResult();

        Assert.Equal(content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal("bytes=600000-", _proxy.Gets("a.pt").Last().Header("x-ms-range"));
        Assert.Equal(1, _store.Counters.Snapshot().Resumes);
    }

    [Fact]
    public async Task AcquireAsync_BlobReplacedInTheMiddle_FetchesTheNewOneWhole()
    {
        await PutAsync(1_000_000);
        var replacement = BlobBed.Bytes(900_000, seed: 2);
        Once(request => request.Method == "GET", (_, response) =>
        {
            azurite.PutAsync(_container, "a.pt", replacement).Wait();
            return Stopping(response, 400_000, null);
        });
        using var lease = await _store.AcquireAsync($"blob/{_container}/a.pt");

        Assert.Equal(replacement, await File.ReadAllBytesAsync(lease.Path));
        Assert.Contains(_store.Log.Lines, static line => line.Contains("changed at its source during the download", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_BlobDeletedInTheMiddle_IsNotFound()
    {
        await PutAsync(1_000_000);
        Once(request => request.Method == "GET", (_, response) =>
        {
            azurite.DeleteAsync(_container, "a.pt").Wait();
            return Stopping(response, 400_000, null);
        });

        Assert.Contains("neither a blob nor a folder", await Raises.ServingAsync(ServingError.NotFound, () => _store.AcquireAsync($"blob/{_container}/a.pt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcquireAsync_ContentMd5ThatDoesNotFit_IsNotUsed()
    {
        var content = await PutAsync(10_000);
        _proxy.Tamper = static (request, response) =>
        {
            if (request.Method == "HEAD")
                response.Headers["Content-MD5"] = Convert.ToBase64String(new byte[16]);
            return response;
        };
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync($"blob/{_container}/a.pt"));

        Assert.Equal(
            $"'blob/{_container}/a.pt' is not used: it has the MD5 {Convert.ToHexStringLower(MD5.HashData(content))}, its Content-MD5 says {new string('0', 32)}",
            message);
        Assert.Empty(_store.Blobs);
        Assert.Empty(_store.Partials);
    }

    [Fact]
    public async Task AcquireAsync_OneByteDamagedOnTheWay_IsNotUsed()
    {
        await PutAsync(10_000);
        _proxy.Tamper = static (request, response) =>
        {
            if (request.Method == "GET")
                response.Body[5_000] ^= 1;
            return response;
        };

        Assert.Contains("its Content-MD5 says", await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync($"blob/{_container}/a.pt")), StringComparison.Ordinal);
        Assert.Empty(_store.Blobs);
    }

    [Fact]
    public async Task AcquireAsync_ManifestHashThatDoesNotFit_IsNotUsed()
    {
        await azurite.PutAsync(_container, "m/a.pt", BlobBed.Bytes(100));
        await azurite.PutAsync(_container, "m/ritual_manifest.json", System.Text.Encoding.UTF8.GetBytes($$"""{"files": ["a.pt"], "file_hashes": {"a.pt": "{{new string('0', 64)}}"} }"""));
        var message = await Raises.ServingAsync(ServingError.SourceFailed, () => _store.AcquireAsync($"blob/{_container}/m"));

        Assert.Contains($"its source announced {new string('0', 64)}", message, StringComparison.Ordinal);
        Assert.Empty(_store.Blobs);
    }

    [Fact]
    public async Task AcquireAsync_ServiceOutOfOrderLater_UsesTheStoredCopy()
    {
        var content = await PutAsync(1_000);
        (await _store.AcquireAsync($"blob/{_container}/a.pt")).Dispose();
        _proxy.Tamper = static (_, _) => BlobProxy.Error(503, "ServerBusy");
        using var lease = await _store.AcquireAsync($"blob/{_container}/a.pt");

        Assert.Equal(content, await File.ReadAllBytesAsync(lease.Path));
    }

    [Fact]
    public async Task AcquireAsync_UnchangedBlob_IsNotFetchedTwice()
    {
        await PutAsync(1_000);
        (await _store.AcquireAsync($"blob/{_container}/a.pt")).Dispose();
        (await _store.AcquireAsync($"blob/{_container}/a.pt")).Dispose();

        Assert.Single(_proxy.Gets("a.pt"));
    }

    [Fact]
    public async Task ResolveAsync_BusyTwice_IsTriedAgainWithAFreshSignature()
    {
        await PutAsync(1_000);
        var busy = 2;
        _proxy.Tamper = (_, response) => busy-- > 0 ? BlobProxy.Error(503, "ServerBusy", ("Retry-After", "0")) : response;

        Assert.Equal(1_000, (await BlobBed.WithKey(_proxy.Endpoint).ResolveAsync($"blob/{_container}/a.pt")).Length);
        Assert.Equal(3, _proxy.Server.Requests.Count);
        Assert.Single(_proxy.Server.Requests.Select(static request => request.Header("x-ms-client-request-id")).Distinct());
    }

    [Fact]
    public async Task ResolveAsync_BusyTwiceWithASas_SendsTheSignatureOnceEachTime()
    {
        await PutAsync(1_000);
        var busy = 2;
        _proxy.Tamper = (_, response) => busy-- > 0 ? BlobProxy.Error(500, "InternalError") : response;
        var sas = Azurite.Sas(_container, DateTimeOffset.UtcNow.AddHours(1));
        var source = BlobBed.Source(new() { BlobEndpoint = _proxy.Endpoint, Sas = sas });

        Assert.Equal(1_000, (await source.ResolveAsync($"blob/{_container}/a.pt")).Length);
        Assert.All(_proxy.Server.Requests, request => Assert.EndsWith("a.pt?" + sas, request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ResolveAsync_BusyForTooLong_FailsAtOnceWithThatDelay()
    {
        _proxy.Tamper = static (_, _) => BlobProxy.Error(429, "TooManyRequests", ("Retry-After", "3600"));
        var thrown = await Assert.ThrowsAsync<ServingException>(() => BlobBed.WithKey(_proxy.Endpoint).ResolveAsync("blob/c/a.pt"));

        Assert.Equal((ServingError.SourceFailed, TimeSpan.FromHours(1)), (thrown.Error, thrown.RetryAfter));
        Assert.Single(_proxy.Server.Requests);
    }

    [Theory]
    [InlineData(500, "InternalError", ServingError.SourceFailed, "out of order or busy", 3)]
    [InlineData(503, "ServerBusy", ServingError.SourceFailed, "(503, ServerBusy, request id 11111111-2222-3333-4444-555555555555); try again later", 3)]
    [InlineData(409, "BlobArchived", ServingError.SourceFailed, "is in the archive tier", 1)]
    [InlineData(409, "PublicAccessNotPermitted", ServingError.PermissionDenied, "refused 'blob/c/a.pt'", 1)]
    [InlineData(409, "LeaseLost", ServingError.SourceFailed, "something unexpected (409, LeaseLost, ", 1)]
    [InlineData(401, "NoAuthenticationInformation", ServingError.PermissionDenied, "(401, NoAuthenticationInformation, ", 1)]
    [InlineData(403, "AuthorizationPermissionMismatch", ServingError.PermissionDenied, "(403, AuthorizationPermissionMismatch, ", 1)]
    [InlineData(404, "ContainerNotFound", ServingError.NotFound, "no container 'c'", 1)]
    [InlineData(400, "<script>", ServingError.SourceFailed, "something unexpected (400, request id ", 1)]
    public async Task ResolveAsync_Refusal_IsMapped(int status, string code, ServingError error, string expected, int requests)
    {
        _proxy.Tamper = (_, _) => BlobProxy.Error(status, code);

        Assert.Contains(expected, await Raises.ServingAsync(error, () => BlobBed.WithKey(_proxy.Endpoint).ResolveAsync("blob/c/a.pt")), StringComparison.Ordinal);
        Assert.Equal(requests, _proxy.Server.Requests.Count);
    }

    [Fact]
    public async Task OpenAsync_AnotherTagThanTheKeptBytesHave_IsAChange()
    {
        await PutAsync(1_000);
        var file = await BlobBed.WithKey(_proxy.Endpoint).ResolveAsync($"blob/{_container}/a.pt");

        await Assert.ThrowsAsync<SourceChangedException>(() => file.OpenAsync(500, "\"other\"", default));
    }

    [Fact]
    public async Task OpenAsync_WithoutAValidator_BeginsAtTheStart()
    {
        await PutAsync(1_000);
        var file = await BlobBed.WithKey(_proxy.Endpoint).ResolveAsync($"blob/{_container}/a.pt");
        using var stream = await file.OpenAsync(500, null, default);

        Assert.Equal((0, 1_000L), (stream.Offset, stream.Length));
    }

    [Fact]
    public async Task ResolveAsync_DirectoryOfAHierarchicalNamespace_IsAFolder()
    {
        await PutAsync(1_000, "m/a.pt");
        _proxy.Tamper = (request, response) =>
        {
            if (request.Method != "HEAD" || !request.Path.EndsWith("/m", StringComparison.Ordinal))
                return response;
            var directory = new FakeResponse();
            directory.Headers["x-ms-meta-hdi_isfolder"] = "true";
            return directory;
        };

        Assert.Equal(1_000, (await BlobBed.WithKey(_proxy.Endpoint).ResolveAsync($"blob/{_container}/m")).Length);
    }

    [Fact]
    public async Task ResolveAsync_NobodyListens_IsSourceFailed()
    {
        var gone = new FakeServer();
        var endpoint = gone.Address;
        await gone.DisposeAsync();

        Assert.StartsWith("Azure Blob storage could not be reached for 'blob/c/a.pt'",
            await Raises.ServingAsync(ServingError.SourceFailed, () => BlobBed.WithKey(endpoint).ResolveAsync("blob/c/a.pt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_CallerGivesUp_IsCancelled()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => BlobBed.WithKey(_proxy.Endpoint).ResolveAsync(Granary.Serving.Models.ModelIdParser.Parse("blob/c/a.pt"), false, stop.Token));
    }

    private async Task<byte[]> PutAsync(int length, string path = "a.pt")
    {
        var content = BlobBed.Bytes(length);
        await azurite.PutAsync(_container, path, content, ("x-ms-blob-content-md5", Convert.ToBase64String(MD5.HashData(content))));
        return content;
    }

    private void CutFirstGetAfter(int bytes) => Once(static request => request.Method == "GET", (_, response) => Stopping(response, bytes, null));

    private void Once(Func<FakeRequest, bool> when, Func<FakeRequest, FakeResponse, FakeResponse> tamper)
    {
        var done = 0;
        _proxy.Tamper = (request, response) => when(request) && Interlocked.Exchange(ref done, 1) == 0 ? tamper(request, response) : response;
    }

    private static FakeResponse Stopping(FakeResponse response, int bytes, Task? gate)
    {
        response.StopAfter = bytes;
        response.Gate = gate;
        return response;
    }
}

using Granary.Serving.Models;
using Granary.Serving.Sources.Arweave;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Arweave;

/// <summary>Which transaction a model id means, and what is refused although every gateway is honest.</summary>
[Collection(nameof(Weave))]
public sealed class ArweaveSourceTests(Weave weave) : IAsyncLifetime
{
    private readonly ArweaveFixture _arweave = new(weave);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _arweave.DisposeAsync().AsTask();

    [Theory]
    [InlineData("sizes/1:tiny.pt", "tiny")]
    [InlineData("sizes/1:exact.pt", "exact")]
    [InlineData("sizes/1:halved.pt", "halved")]
    [InlineData("sizes/1:uneven.pt", "uneven")]
    [InlineData("sizes:medium.pt", "medium")]
    [InlineData("sizes/1:salt32.pt", "salt32")]
    [InlineData("sizes/1:salt0.pt", "salt0")]
    [InlineData("sizes/1:denominated.pt", "denominated")]
    [InlineData("sizes:untagged.pt", "untagged")]
    [InlineData("odd:sub dir/m\"o{d]}e%20l ü.pt", "odd")]
    [InlineData("ancient:model.pt", "format1")]
    [InlineData("packed:weights.pt", "target")]
    [InlineData("packed/2.0:weights.pt", "target")]
    [InlineData("bundled:item.pt", "item")]
    [InlineData("bundled:inner.pt", "item-inner")]
    [InlineData("iris:model.pt", "small")]
    [InlineData("iris/0.9.0:model.pt", "older")]
    public async Task AcquireAsync_SignedByTheOwner_IsStored(string rest, string name)
    {
        Assert.Equal(weave[name].Data, await _arweave.FetchAsync($"arweave/{weave.Alice}/{rest}"));
        Assert.Equal(weave[name].Sha256, Assert.Single(_arweave.Blobs));
        Assert.DoesNotContain(_arweave.GatewayLog.Lines, static line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Empty(_arweave.Second.Requests);
    }

    [Theory]
    [InlineData(1, "0 older")]
    [InlineData(1, "0 small")]
    [InlineData(2, "0 older")]
    public async Task ResolveAsync_SeveralPages_FindsTheHighestUnixTimeOfAll(int pageLength, string first)
    {
        _arweave.First.PageLength = pageLength;
        _arweave.First.Order = entry => first.EndsWith(entry.Name, StringComparison.Ordinal) ? first : entry.Name;
        var file = await ResolveAsync($"arweave/{weave.Alice}/iris:model.pt");

        Assert.Equal(weave["small"].Id, file.Revision);
        Assert.Equal(2 / pageLength, _arweave.First.Count("/graphql"));
    }

    [Fact]
    public async Task ResolveAsync_MorePagesThanAllowed_IsRefusedWithAdvice()
    {
        _arweave.First.PageLength = 1;
        _arweave.Used = [_arweave.First];
        _arweave.Options.MaxPages = 1;
        Assert.Contains("more than 1 pages", await ResolveFailsAsync(ServingError.SourceFailed, $"arweave/{weave.Alice}/iris:model.pt"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("iris:other.pt", "knows no file 'other.pt' of repository 'iris'")]
    [InlineData("iris/3.0.0:model.pt", "knows no file 'model.pt' with File-Version '3.0.0' of repository 'iris'")]
    [InlineData("packed:other.pt", "knows no file 'other.pt' of repository 'packed'")]
    [InlineData("packed/9:weights.pt", "knows no file 'weights.pt' with File-Version '9' of repository 'packed'")]
    public async Task ResolveAsync_NoSuchThing_IsNotFoundAfterEveryGatewaySaidSo(string rest, string expected)
    {
        Assert.Contains(expected, await ResolveFailsAsync(ServingError.NotFound, $"arweave/{weave.Alice}/{rest}"), StringComparison.Ordinal);
        Assert.NotEmpty(_arweave.Second.Requests);
    }

    [Fact]
    public async Task ResolveAsync_OneGatewayHidesTheFile_TheNextGivesIt()
    {
        _arweave.First.Hidden.UnionWith(weave.Entries.Select(static entry => entry.Id));
        Assert.Equal(weave["medium"].Id, (await ResolveAsync($"arweave/{weave.Alice}/sizes:medium.pt")).Revision);
    }

    [Fact]
    public async Task AcquireAsync_VersionIsATransaction_IsThatOneAndPinned()
    {
        var id = $"arweave/{weave.Alice}/iris/{weave["older"].Id}:model.pt";
        Assert.Equal(weave["older"].Data, await _arweave.FetchAsync(id));
        var asked = _arweave.First.Requests.Count();
        Assert.Equal(weave["older"].Data, await _arweave.FetchAsync(id));

        Assert.Equal(asked, _arweave.First.Requests.Count());
        Assert.Equal(0, _arweave.First.Count("/graphql"));
    }

    [Fact]
    public async Task AcquireAsync_VersionIsADataItem_IsFoundThroughTheIndex()
        => Assert.Equal(weave["item"].Data, await _arweave.FetchAsync($"arweave/{weave.Alice}/any/{weave["item"].Id}:item.pt"));

    [Theory]
    [InlineData("iris", "evil", "model.pt")]
    [InlineData("iris", "theirs", "model.pt")]
    public async Task ResolveAsync_TransactionOfSomebodyElse_IsDenied(string repository, string name, string file)
    {
        var message = await ResolveFailsAsync(ServingError.PermissionDenied, $"arweave/{weave.Alice}/{repository}/{weave[name].Id}:{file}");
        Assert.Contains($"was signed by {weave.Mallory}, not by {weave.Alice}", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_TransactionOfAnotherFile_IsNotFound()
        => Assert.Contains("is the file 'tiny.pt'", await ResolveFailsAsync(ServingError.NotFound, $"arweave/{weave.Alice}/sizes/{weave["tiny"].Id}:model.pt"), StringComparison.Ordinal);

    [Fact]
    public async Task ResolveAsync_ManifestLeadsToSomebodyElse_IsDenied()
    {
        var message = await ResolveFailsAsync(ServingError.PermissionDenied, $"arweave/{weave.Alice}/packed:theirs.pt");
        Assert.Contains($"the manifest {weave["manifest"].Id} leads to it", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcquireAsync_OwnersTagDoesNotFitTheContent_IsRefused()
        => Assert.Contains("(check 'file_sha256')", await _arweave.FetchFailsAsync(ServingError.SourceFailed, $"arweave/{weave.Alice}/badhash:model.pt"), StringComparison.Ordinal);

    [Fact]
    public async Task ResolveAsync_Format1WithoutHash_IsUnsupported()
        => Assert.Contains("format 1 without a tag File-SHA256", await ResolveFailsAsync(ServingError.Unsupported, $"arweave/{weave.Alice}/ancient:untagged.pt"), StringComparison.Ordinal);

    [Fact]
    public async Task ResolveAsync_EthereumSignature_IsUnsupportedAndNamed()
        => Assert.Contains("an Ethereum key (kind 3)", await ResolveFailsAsync(ServingError.Unsupported, ForeignId), StringComparison.Ordinal);

    [Fact]
    public async Task AcquireAsync_EthereumSignatureAndHashMode_IsStored()
    {
        _arweave.Options.Verification = ArweaveVerification.Hash;
        Assert.Equal(weave["item-foreign"].Data, await _arweave.FetchAsync(ForeignId));
        Assert.Equal(["file_sha256"], Assert.Single(_arweave.Open().Contents()).Verified);
    }

    [Fact]
    public async Task AcquireAsync_HashModeAndOtherContent_IsRefused()
    {
        _arweave.Options.Verification = ArweaveVerification.Hash;
        _arweave.Used = [_arweave.First];
        _arweave.First.TamperData(static (_, response) => new FakeResponse { Body = new byte[response.Body.Length] });
        Assert.Contains("has the SHA-256", await _arweave.FetchFailsAsync(ServingError.SourceFailed, ForeignId), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_HashModeWithoutHash_IsUnsupported()
    {
        _arweave.Options.Verification = ArweaveVerification.Hash;
        Assert.Contains("has no tag File-SHA256", await ResolveFailsAsync(ServingError.Unsupported, $"arweave/{weave.Alice}/sizes:untagged.pt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_RepositoryOfOldServices_IsFoundAmongTheAllowedWallets()
    {
        _arweave.Policy.AllowedOwners[ModelSourceKind.Arweave] = [weave.Mallory, weave.Alice, "org"];
        Assert.Equal(weave["early"].Data, await _arweave.FetchAsync("arweave/org/early:model.torch"));
    }

    [Fact]
    public async Task ResolveAsync_OwnerIsNoWalletAndNoneIsAllowed_SaysWhatToDo()
    {
        var message = await ResolveFailsAsync(ServingError.InvalidArgument, "arweave/org/early:model.torch");
        Assert.StartsWith("'org' is not an Arweave wallet address (43 characters); use arweave/ADDRESS/name:file, or list", message, StringComparison.Ordinal);
        Assert.Empty(_arweave.First.Requests);
    }

    [Fact]
    public async Task AcquireAsync_OwnerNotAllowed_AsksNobodyUnlessTheOperatorNamedIt()
    {
        _arweave.Policy.AllowedOwners[ModelSourceKind.Arweave] = [weave.Mallory];
        var id = $"arweave/{weave.Alice}/iris:model.pt";
        Assert.Contains("AllowedOwners:Arweave", await Raises.ServingAsync(ServingError.PermissionDenied, () => _arweave.FetchAsync(id)), StringComparison.Ordinal);
        Assert.Empty(_arweave.First.Requests);
        Assert.Equal(weave["small"].Data, await _arweave.FetchAsync(id, trusted: true));
    }

    [Fact]
    public async Task AcquireAsync_LargerThanAllowed_IsRefusedBeforeTheDownload()
    {
        _arweave.Policy.MaxFileBytes = 2_000_000;
        await _arweave.FetchFailsAsync(ServingError.TooLarge, $"arweave/{weave.Alice}/sizes:medium.pt");
        Assert.Empty(_arweave.First.Downloads);
    }

    [Theory]
    [InlineData("sizes:medium.pt", "id,owner,signature,data_root,file_sha256")]
    [InlineData("sizes:untagged.pt", "id,owner,signature,data_root")]
    [InlineData("ancient:model.pt", "id,owner,signature,file_sha256")]
    [InlineData("bundled:item.pt", "id,owner,signature,file_sha256")]
    [InlineData("packed:weights.pt", "id,owner,signature,data_root")]
    public async Task Contents_AfterARestart_TellWhichChecksAFilePassed(string rest, string expected)
    {
        var id = $"arweave/{weave.Alice}/{rest}";
        await _arweave.FetchAsync(id);
        var stored = Assert.Single(_arweave.Open().Contents());

        Assert.Equal((id, expected), (stored.Id, string.Join(',', stored.Verified)));
        Assert.Equal((await ResolveAsync(id)).Revision, stored.Revision);
        Assert.Contains(_arweave.StoreLog.Lines, line => line.EndsWith($"; verified: {expected.Replace(",", ", ", StringComparison.Ordinal)}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AcquireAsync_SameTransactionAgain_IsNotDownloadedAgainAndItsChecksAreKept()
    {
        var id = $"arweave/{weave.Alice}/sizes:medium.pt";
        await _arweave.FetchAsync(id);
        await _arweave.FetchAsync(id);
        await _arweave.FetchAsync($"arweave/{weave.Alice}/sizes/1:medium.pt");

        Assert.Single(_arweave.First.Downloads);
        Assert.Equal(["id,owner,signature,file_sha256", "id,owner,signature,data_root,file_sha256"], _arweave.Open().Contents().Select(static stored => string.Join(',', stored.Verified)));
    }

    [Fact]
    public async Task AcquireAsync_ForgedHashInTheHeaderOfAnItem_DoesNotFindTheFileOfAnother()
    {
        await _arweave.FetchAsync($"arweave/{weave.Alice}/iris:model.pt");
        _arweave.First.TamperData((request, response) =>
        {
            var from = request.Path.StartsWith("/raw", StringComparison.Ordinal) ? response.Body.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(weave["item"].Sha256)) : -1;
            response.Body = [.. response.Body];
            if (from >= 0)
                System.Text.Encoding.ASCII.GetBytes(weave["small"].Sha256).CopyTo(response.Body, from);
            return response;
        });

        Assert.Equal(weave["item"].Data, await _arweave.FetchAsync($"arweave/{weave.Alice}/bundled:item.pt"));
    }

    private string ForeignId => $"arweave/{weave["item-foreign"].Owner}/bundled:foreign.pt";

    private Task<Granary.Serving.Sources.SourceFile> ResolveAsync(string id) => _arweave.Source.ResolveAsync(ModelIdParser.Parse(id), false, default);

    private Task<string> ResolveFailsAsync(ServingError error, string id) => Raises.ServingAsync(error, () => ResolveAsync(id));
}

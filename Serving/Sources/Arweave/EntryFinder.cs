using System.Globalization;
using System.Security.Cryptography;
using Granary.Serving.Models;

namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// Finds what a model id means at one gateway: the file's own transaction, else the newest manifest of the repository, else the
/// tags of Infernet services before 1.0. Of several the one with the highest Unix-Time counts, as with ritual_arweave.
/// </summary>
internal sealed class EntryFinder(ArweaveOptions options, ModelId id, string name, IReadOnlyList<string> owners)
{
    private const string App = "Ritual";

    /// <summary>The names that the tag Model-Id may have.</summary>
    private readonly string[] _modelIds = [id.Repository, name];

    public async Task<ArweaveEntry> FindAsync(Gateway gateway, CancellationToken cancellation)
    {
        if (ArweaveSource.IsTransaction(id))
            return await FindGivenAsync(gateway, cancellation).ConfigureAwait(false);
        return await FindFileAsync(gateway, "Repo-Name", [name], cancellation).ConfigureAwait(false)
            ?? await FindInManifestAsync(gateway, cancellation).ConfigureAwait(false)
            ?? await FindFileAsync(gateway, "Model-Id", _modelIds, cancellation).ConfigureAwait(false)
            ?? throw new GatewayException(GatewayFault.Absent, Absence());
    }

    private async Task<ArweaveEntry> FindGivenAsync(Gateway gateway, CancellationToken cancellation)
    {
        var entry = options.Verification == ArweaveVerification.Hash
            ? Believe(await gateway.QueryAsync(GraphQl.Transaction(id.Version!), GraphQl.ReadOne, cancellation).ConfigureAwait(false)
                ?? throw new GatewayException(GatewayFault.Absent, $"does not know {id.Version}"))
            : await EntryReader.ReadAsync(gateway, id.Version!, null, cancellation).ConfigureAwait(false);
        CheckOwner(entry, "the transaction that the model id names");
        if (entry.Tag("File-Name") is { } file && file != id.File)
            throw new GatewayException(GatewayFault.Absent, $"{entry.Id} is the file '{file}'");
        return entry;
    }

    private async Task<ArweaveEntry?> FindFileAsync(Gateway gateway, string nameTag, string[] names, CancellationToken cancellation)
    {
        List<(string, string[])> tags = [("App-Name", [App]), ("File-Name", [id.File!]), (nameTag, names)];
        if (id.Version is not null)
            tags.Add(("File-Version", [id.Version]));
        return await FindNewestAsync(gateway, tags, cancellation).ConfigureAwait(false);
    }

    private async Task<ArweaveEntry?> FindInManifestAsync(Gateway gateway, CancellationToken cancellation)
    {
        List<(string, string[])> tags = [("App-Name", [App]), ("Repo-Name", [name]), ("Type", ["manifest"])];
        if (await FindNewestAsync(gateway, tags, cancellation).ConfigureAwait(false) is not { } manifest)
            return null;
        var content = await ReadContentAsync(gateway, manifest, cancellation).ConfigureAwait(false);
        if (PathManifest.Find(content, manifest.Id, id.File!) is not { } target)
            return null;
        var entry = await ReadAsync(gateway, target, cancellation).ConfigureAwait(false);
        CheckOwner(entry, $"the manifest {manifest.Id} leads to it");
        // The manifest gives the file its name, but knows no versions.
        return id.Version is null || entry.Tag("File-Version") == id.Version ? entry : null;
    }

    private async Task<ArweaveEntry> ReadAsync(Gateway gateway, string target, CancellationToken cancellation)
    {
        if (options.Verification == ArweaveVerification.Full)
            return await EntryReader.ReadAsync(gateway, target, null, cancellation).ConfigureAwait(false);
        return Believe(await gateway.QueryAsync(GraphQl.Transaction(target), GraphQl.ReadOne, cancellation).ConfigureAwait(false)
            ?? throw new GatewayException(GatewayFault.Absent, $"does not know {target}"));
    }

    private async Task<ArweaveEntry?> FindNewestAsync(Gateway gateway, List<(string Name, string[] Values)> tags, CancellationToken cancellation)
    {
        if (await NewestAsync(gateway, tags, cancellation).ConfigureAwait(false) is not { } newest)
            return null;
        var entry = options.Verification == ArweaveVerification.Hash
            ? Believe(newest)
            : await EntryReader.ReadAsync(gateway, newest.Id, newest.BundledIn, cancellation).ConfigureAwait(false);
        // The index was asked for these owners and tags; what is signed decides whether it told the truth.
        if (!owners.Contains(entry.Owner))
            throw GatewayException.Failed("owner", $"{entry.Id} was signed by {entry.Owner}, not by {string.Join(" or ", owners)}");
        foreach (var (tag, values) in tags)
        {
            if (!values.Contains(entry.Tag(tag)))
                throw GatewayException.Failed("tags", $"{entry.Id} has the signed tag {tag} {ModelIdText.Quote(entry.Tag(tag))}, the index says {ModelIdText.Quote(values[0])}");
        }

        var signedTime = IndexedTransaction.ParseTime(entry.Tag("Unix-Time"));
        return signedTime == newest.UnixTime
            ? entry
            : throw GatewayException.Failed("tags", string.Create(CultureInfo.InvariantCulture, $"{entry.Id} has the signed Unix-Time {signedTime}, the index says {newest.UnixTime}"));
    }

    private async Task<IndexedTransaction?> NewestAsync(Gateway gateway, List<(string, string[])> tags, CancellationToken cancellation)
    {
        IndexedTransaction? newest = null;
        string? after = null;
        for (var page = 0; page < options.MaxPages; page++)
        {
            var answer = await gateway.QueryAsync(GraphQl.Transactions(owners, tags, after), GraphQl.ReadPage, cancellation).ConfigureAwait(false);
            foreach (var transaction in answer.Transactions)
            {
                if (newest is null || transaction.UnixTime > newest.UnixTime)
                    newest = transaction;
            }

            if (answer.Next is null)
                return newest;
            after = answer.Next != after ? answer.Next : throw new GatewayException(GatewayFault.Broken, "its index gives the same page again and again");
        }

        throw new GatewayException(GatewayFault.Broken, $"its index has more than {options.MaxPages:N0} pages for '{id}'; name a version, or raise {ArweaveOptions.SectionName}:{nameof(ArweaveOptions.MaxPages)}");
    }

    private static BelievedEntry Believe(IndexedTransaction indexed) =>
        ArweaveTag.Find(indexed.Tags, "Type") != "manifest" && ArweaveTag.Find(indexed.Tags, ArweaveEntry.HashTag) is null
            ? throw new GatewayException(GatewayFault.Unverifiable, $"{indexed.Id} has no tag {ArweaveEntry.HashTag}, which {ArweaveOptions.SectionName}:Verification=Hash needs")
            : new BelievedEntry { Id = indexed.Id, Owner = indexed.Owner, Tags = indexed.Tags, Length = indexed.Size };

    private async Task<byte[]> ReadContentAsync(Gateway gateway, ArweaveEntry entry, CancellationToken cancellation)
    {
        if (entry.Length > options.MaxAnswerBytes)
            throw new GatewayException(GatewayFault.Broken, $"the manifest {entry.Id} has {entry.Length:N0} bytes, more than {ArweaveOptions.SectionName}:{nameof(ArweaveOptions.MaxAnswerBytes)} allows");
        var content = await gateway.DataAsync(entry.Id, entry.Length ?? options.MaxAnswerBytes, cancellation).ConfigureAwait(false);
        using var check = entry.CreateCheck(static () => false);
        check?.Append(content);
        var fault = check?.Fault(Convert.ToHexStringLower(SHA256.HashData(content)));
        return fault is null ? content : throw new GatewayException(GatewayFault.Lied, $"the manifest {entry.Id}: {fault}");
    }

    private void CheckOwner(ArweaveEntry entry, string why)
    {
        if (!owners.Contains(entry.Owner))
            throw new GatewayException(GatewayFault.WrongOwner, $"{entry.Id} was signed by {entry.Owner}, not by {string.Join(" or ", owners)} ({why})");
    }

    private string Absence() => id.Version is null
        ? $"knows no file '{id.File}' of repository '{name}'"
        : $"knows no file '{id.File}' with File-Version '{id.Version}' of repository '{name}'";
}

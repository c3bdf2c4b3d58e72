using Granary.Serving.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// Files on Arweave, found as ritual_arweave finds them and verified back to the owner's signature, so that a gateway can keep a
/// file from us but not change it. A version that is a transaction id names that transaction.
/// </summary>
internal sealed partial class ArweaveSource(
    Gateways gateways, IOptions<ArweaveOptions> options, IOptions<SourcePolicyOptions> policy, ILogger<ArweaveSource> log) : IModelSource
{
    private readonly ILogger<ArweaveSource> _log = log;

    public ModelSourceKind Kind => ModelSourceKind.Arweave;

    public bool IsPinned(ModelId id) => IsTransaction(id);

    /// <summary>Whether the version of an id is a transaction id.</summary>
    public static bool IsTransaction(ModelId id) => id.Version is not null && Base64Url.IsId(id.Version);

    public async Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation)
    {
        var slash = id.Repository.IndexOf('/');
        var finder = new EntryFinder(options.Value, id, id.Repository[(slash + 1)..], Owners(id.Repository[..slash]));
        var (entry, teller) = await gateways.AskAsync(
            id.ToString(), gateways.InOrder(), async (gateway, stop) => (await finder.FindAsync(gateway, stop).ConfigureAwait(false), gateway), cancellation).ConfigureAwait(false);
        if (entry is OldTransactionEntry && entry.Sha256 is null)
        {
            throw new ServingException(ServingError.Unsupported,
                $"'{id}' is transaction {entry.Id} of format 1 without a tag {ArweaveEntry.HashTag}, whose signature does not tie data and tags together; upload it again");
        }

        LogResolved(id, entry.Id, entry.Owner);
        return new ArweaveFile(gateways, entry, teller, options.Value, id.ToString())
        {
            Length = entry.Length,
            Revision = entry.Id,
            ETag = entry.Id,
            // A hash from a header that is not verified yet must not find files of others in the store.
            Sha256 = entry.IsVerified ? entry.Sha256 : null,
        };
    }

    // Before services 1.0 a repository was org/name and the wallets that may sign for it were configured beside it.
    private string[] Owners(string owner)
    {
        if (Base64Url.IsId(owner))
            return [owner];
        var wallets = policy.Value.AllowedOwners.GetValueOrDefault(ModelSourceKind.Arweave, []).Select(static entry => entry.Split('/')[0]).Where(Base64Url.IsId).Distinct().ToArray();
        return wallets.Length > 0
            ? wallets
            : throw new ServingException(ServingError.InvalidArgument,
                $"{ModelIdText.Quote(owner)} is not an Arweave wallet address ({Base64Url.IdLength} characters); use arweave/ADDRESS/name:file, or list the addresses that may sign for it in ALLOWED_ARWEAVE_OWNERS");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id} is {Transaction} on Arweave, signed by {Owner}")]
    private partial void LogResolved(ModelId id, string transaction, string owner);
}

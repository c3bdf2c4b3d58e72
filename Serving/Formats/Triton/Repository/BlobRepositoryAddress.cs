using System.Diagnostics.CodeAnalysis;
using Granary.Serving.Models;
using Granary.Serving.Sources.Blob;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>
/// A repository in Azure Blob storage as operators write it: <c>https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX</c>,
/// <c>blob/CONTAINER/PREFIX</c>, or Triton's <c>as://ACCOUNT/CONTAINER/PREFIX</c>.
/// </summary>
/// <param name="Service">The account's address without a slash at its end; null for the one that is configured.</param>
/// <param name="Container">Name of the container.</param>
/// <param name="Prefix">Path inside it; empty for the whole container.</param>
internal sealed record BlobRepositoryAddress(string? Service, string Container, string Prefix)
{
    private const string Ids = "blob/";
    private const string Triton = "as://";

    /// <summary>The repository's name in the catalog, the same however it is written.</summary>
    public string Id => Prefix.Length == 0 ? $"{Ids}{Container}" : $"{Ids}{Container}/{Prefix}";

    /// <summary>Whether a repository is meant to be in Blob storage, rightly written or not.</summary>
    public static bool Is(string repository) => repository.StartsWith(Ids, StringComparison.Ordinal) || repository.Contains("://", StringComparison.Ordinal);

    /// <summary>Reads one; on failure says what is wrong, without the text: people paste addresses with signatures.</summary>
    public static bool TryRead(string repository, [NotNullWhen(true)] out BlobRepositoryAddress? address, [NotNullWhen(false)] out string? fault)
    {
        (address, fault) = Read(repository);
        return address is not null;
    }

    private static (BlobRepositoryAddress?, string?) Read(string repository)
    {
        if (repository.StartsWith(Ids, StringComparison.Ordinal))
            return Split(null, repository[Ids.Length..]);
        if (repository.StartsWith(Triton, StringComparison.Ordinal))
        {
            var rest = repository[Triton.Length..];
            var slash = rest.IndexOf('/');
            if (slash <= 0 || !rest.AsSpan(0, slash).ContainsOnlyAccountCharacters())
                return (null, "names no storage account; expected as://ACCOUNT/CONTAINER/PREFIX");
            // Triton also takes the host's whole name here.
            var account = rest[..slash];
            return Split(account.Contains('.') ? $"https://{account}" : $"https://{account}.blob.core.windows.net", rest[(slash + 1)..]);
        }

        if (BlobAccount.Address(repository) is not { } uri)
            return (null, "is no address of Azure Blob storage such as https://account.blob.core.windows.net/container/path (without a query; a signature belongs into AzureStorage:Sas)");
        var path = Uri.UnescapeDataString(uri.AbsolutePath).Trim('/');
        var service = uri.GetLeftPart(UriPartial.Authority);
        // Azurite and other services without a name of their own have the account first.
        if (uri.HostNameType is not (UriHostNameType.IPv4 or UriHostNameType.IPv6) && uri.Host != "localhost")
            return Split(service, path);
        var first = path.IndexOf('/');
        return first < 0 ? (null, "names no container") : Split($"{service}/{path[..first]}", path[(first + 1)..]);
    }

    private static (BlobRepositoryAddress?, string?) Split(string? service, string path)
    {
        path = path.TrimEnd('/');
        if (path.Length == 0)
            return (null, "names no container");
        // Ids of the files in it must be right: a stand-in for any of them shows it.
        if (ModelIdParser.Fault(new ModelId(ModelSourceKind.Blob, $"{path}/model", null, null)) is { } fault)
            return (null, $"cannot be a repository: {fault}");
        var slash = path.IndexOf('/');
        return (slash < 0 ? new BlobRepositoryAddress(service, path, "") : new BlobRepositoryAddress(service, path[..slash], path[(slash + 1)..]), null);
    }
}

file static class AccountNames
{
    public static bool ContainsOnlyAccountCharacters(this ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.'))
                return false;
        }

        return true;
    }
}

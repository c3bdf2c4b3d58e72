using System.Globalization;
using Azure;
using Granary.Serving.Models;

namespace Granary.Serving.Sources.Blob;

/// <summary>What refusals of the blob service mean. It tells them apart in <c>x-ms-error-code</c>.</summary>
internal static class BlobErrors
{
    /// <summary>The exception for an answer that is not what was asked for.</summary>
    public static Exception Refusal(ModelId id, Response response, BlobAccess access)
    {
        var name = ModelIdText.Quote(id.ToString());
        var said = $"({response.Status}{Text(Code(response))}{Text(RequestId(response))})";
        return (response.Status, Code(response)) switch
        {
            (412, _) or (416, _) => new SourceChangedException(),
            (404, "ContainerNotFound") => Failed(ServingError.NotFound, $"Azure Blob storage has no container '{Container(id)}' {said}"),
            (404, _) => Failed(ServingError.NotFound, $"Azure Blob storage has no blob for {name} {said}"),
            (409, "BlobArchived") => Failed(ServingError.SourceFailed, $"the blob of {name} is in the archive tier {said}; bring it to a hot or cool tier"),
            (409, "PublicAccessNotPermitted") => Failed(ServingError.PermissionDenied, $"Azure Blob storage refused {name} {said}; {Advice(access)}"),
            (401 or 403, _) => Failed(ServingError.PermissionDenied, $"Azure Blob storage refused {name} {said}; {Advice(access)}"),
            (429 or >= 500, _) => new ServingException(ServingError.SourceFailed, $"Azure Blob storage is out of order or busy for {name} {said}; try again later")
            {
                RetryAfter = RetryAfter(response),
            },
            _ => Failed(ServingError.SourceFailed, $"Azure Blob storage answered {name} with something unexpected {said}"),
        };
    }

    /// <summary>The service's word for what is wrong; empty when it gave none.</summary>
    public static string Code(Response response) => Header(response, "x-ms-error-code");

    /// <summary>How long the service wants us to wait; null when it does not say.</summary>
    public static TimeSpan? RetryAfter(Response response)
        => int.TryParse(Header(response, "Retry-After"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static string RequestId(Response response)
        => Header(response, "x-ms-request-id") is { Length: > 0 } id ? "request id " + id : "";

    // What came over the network is shown only as far as it looks like a code or an id.
    private static string Header(Response response, string name)
        => response.Headers.TryGetValue(name, out var value) && value is { Length: <= 100 } && value.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-')
            ? value
            : "";

    private static string Container(ModelId id) => id.Repository.Split('/')[0];

    private static string Text(string part) => part.Length == 0 ? "" : ", " + part;

    private static string Advice(BlobAccess access) => access switch
    {
        BlobAccess.Anonymous => "the container is not public: configure an identity, a SAS or a connection string",
        BlobAccess.Sas => "the SAS has expired, or does not allow to read (and list) this container",
        BlobAccess.SharedKey => "the account key is wrong, or the account does not allow keys",
        _ => "give the identity of this server the role Storage Blob Data Reader on the container; a new role takes minutes to spread",
    };

    private static ServingException Failed(ServingError error, string message) => new(error, message);
}

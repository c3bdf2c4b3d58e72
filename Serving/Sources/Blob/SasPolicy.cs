using Azure.Core;
using Azure.Core.Pipeline;

namespace Granary.Serving.Sources.Blob;

/// <summary>Puts the shared access signature behind the query, last of all so that nothing before it can see or log it.</summary>
internal sealed class SasPolicy(BlobAccount account) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        var uri = message.Request.Uri;
        // A try that failed left the signature there.
        if (!uri.Query.EndsWith(account.Sas, StringComparison.Ordinal))
            uri.Query = uri.Query.Length > 1 ? $"{uri.Query}&{account.Sas}" : "?" + account.Sas;
    }
}

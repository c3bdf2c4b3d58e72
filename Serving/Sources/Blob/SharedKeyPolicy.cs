using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Granary.Serving.Sources.Blob;

/// <summary>Signs every try of a request anew: the service refuses dates that are more than 15 minutes old.</summary>
internal sealed class SharedKeyPolicy(BlobAccount account, TimeProvider time) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        var request = message.Request;
        request.Headers.SetValue("x-ms-date", time.GetUtcNow().ToString("R", CultureInfo.InvariantCulture));
        var headers = request.Headers.Select(static header => KeyValuePair.Create(header.Name, header.Value)).ToList();
        request.Headers.SetValue("Authorization",
            SharedKeySignature.Authorization(account.Name, account.Key, request.Method.Method, request.Uri.ToUri(), headers));
    }
}

using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Sources.Blob;

/// <summary>Puts the Azure.Core pipeline of an account together: request ids, retries, credentials, diagnostics, transport.</summary>
internal static class BlobPipelines
{
    private const string Scope = "https://storage.azure.com/.default";

    /// <param name="account">Whom to ask, and with what credentials.</param>
    /// <param name="http">How patiently.</param>
    /// <param name="time">Dates signatures.</param>
    /// <param name="log">Takes retries.</param>
    /// <param name="credential">Instead of the account's identity.</param>
    /// <param name="transport">Instead of the network.</param>
    public static HttpPipeline Build(
        BlobAccount account, SourceHttpOptions http, TimeProvider time, ILogger log, TokenCredential? credential, HttpPipelineTransport? transport)
    {
        var options = new PipelineOptions { RetryPolicy = new BlobRetryPolicy(http, log), Transport = transport ?? Transport(http) };
        options.Retry.NetworkTimeout = http.ResponseTimeout;
        options.Diagnostics.IsTelemetryEnabled = false;
        options.Diagnostics.IsLoggingContentEnabled = false;
        HttpPipelinePolicy[] everyTry = account.Access switch
        {
            BlobAccess.SharedKey => [new SharedKeyPolicy(account, time)],
            BlobAccess.Identity => [new BearerTokenAuthenticationPolicy(credential ?? Credential(account), Scope)],
            _ => [],
        };
        if (account.Access == BlobAccess.Sas)
            options.AddPolicy(new SasPolicy(account), HttpPipelinePosition.BeforeTransport);
        return HttpPipelineBuilder.Build(options, [], everyTry, new ResponseClassifier());
    }

    /// <summary>The identity that asks.</summary>
    /// <param name="account">May name a user-assigned managed identity.</param>
    /// <param name="transport">Instead of the network.</param>
    public static TokenCredential Credential(BlobAccount account, HttpPipelineTransport? transport = null)
    {
        if (account.ClientId is null)
            return new DefaultAzureCredential(new DefaultAzureCredentialOptions { ExcludeInteractiveBrowserCredential = true });
        var options = new ManagedIdentityCredentialOptions(ManagedIdentityId.FromUserAssignedClientId(account.ClientId));
        if (transport is not null)
            options.Transport = transport;
        return new ManagedIdentityCredential(options);
    }

    private static HttpClientTransport Transport(SourceHttpOptions http) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ConnectTimeout = http.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });

    private sealed class PipelineOptions : ClientOptions;
}

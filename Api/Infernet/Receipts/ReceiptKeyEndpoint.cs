using System.Text.Json;
using Granary.Api.Http;
using Granary.Serving;

namespace Granary.Api.Infernet.Receipts;

/// <summary><c>GET /receipts/key</c>: the public key with which receipts are checked. Open to everybody, as keys are.</summary>
internal sealed class ReceiptKeyEndpoint
{
    private readonly byte[]? _answer;

    public ReceiptKeyEndpoint(ReceiptIssuer issuer)
    {
        if (issuer.Key is not { } key)
            return;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("key"u8, key.Id);
            json.WriteString("curve"u8, key.Curve.Name);
            json.WriteString("algorithm"u8, key.Curve.Algorithm);
            json.WriteString("public_key"u8, key.PublicKeyPem);
            json.WriteBoolean("proofs"u8, issuer.GivesProofs);
            json.WriteEndObject();
        }

        _answer = stream.ToArray();
    }

    /// <summary>Answers one request.</summary>
    public Task HandleAsync(HttpContext context) => _answer is not null
        ? Responses.WriteAsync(context.Response, StatusCodes.Status200OK, Responses.Json, _answer)
        : InfernetErrors.WriteAsync(context, new Failure(ServingError.NotFound, $"This service signs no receipts; {ReceiptOptions.SectionName}:{nameof(ReceiptOptions.Enabled)} switches them on", null));
}

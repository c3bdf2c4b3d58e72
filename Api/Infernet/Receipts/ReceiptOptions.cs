namespace Granary.Api.Infernet.Receipts;

/// <summary>Signed receipts of answers.</summary>
internal sealed class ReceiptOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Granary:Receipts";

    /// <summary>Add the header <c>Granary-Receipt</c> to every answer of <c>/service_output</c>. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>
    /// Give the receipt as the <c>proof</c> of on-chain answers and take requests with <c>requires_proof</c>. Default false: they
    /// are refused, as the original does. Needs <see cref="Enabled"/>.
    /// </summary>
    public bool Proofs { get; set; }

    /// <summary>
    /// Private key of the node, PEM (SEC 1 or PKCS 8), on secp256k1 or P-256. Default <c>node-key.pem</c> beside the catalog; it is
    /// made at start, readable by this user only, when it is missing.
    /// </summary>
    public string? KeyFile { get; set; }

    /// <summary>Curve of a key that is made: <c>secp256k1</c>, which contracts can check, or <c>P-256</c>, which signs far faster. Default <c>secp256k1</c>.</summary>
    public string Curve { get; set; } = NodeCurve.Secp256k1.Name;
}

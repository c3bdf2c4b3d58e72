using Granary.Serving;
using Granary.Serving.Clusters;
using Microsoft.Extensions.Options;

namespace Granary.Api.Infernet.Receipts;

/// <summary>Makes receipts when the operator wants them; else it is one check a request.</summary>
internal sealed class ReceiptIssuer : IDisposable
{
    /// <summary>The header that carries a receipt.</summary>
    public const string Header = "Granary-Receipt";

    private static readonly string Server = $"Granary {BuildMetrics.Version}";
    private readonly TimeProvider _time;
    private EngineText? _engine;

    public ReceiptIssuer(IOptions<ReceiptOptions> options, NodeKeyFile file, TimeProvider time)
    {
        _time = time;
        Key = options.Value.Enabled ? file.Load() : null;
        GivesProofs = options.Value is { Enabled: true, Proofs: true };
    }

    /// <summary>The key that signs; null when receipts are off.</summary>
    public NodeKey? Key { get; }

    /// <summary>Whether answers carry receipts.</summary>
    public bool IsEnabled => Key is not null;

    /// <summary>Whether on-chain answers carry the receipt as their proof.</summary>
    public bool GivesProofs { get; }

    /// <summary>The receipt of an answer, not signed yet; null when receipts are off.</summary>
    /// <param name="request">What the cluster was asked, with <see cref="InferenceRequest.WantsProvenance"/>.</param>
    /// <param name="result">What it answered.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unavailable"/>: the silo is of an older version and does not say what computed the answer.</exception>
    public Receipt? Begin(InferenceRequest request, InferenceResult result)
    {
        if (Key is null)
            return null;
        var provenance = result.Provenance
            ?? throw new ServingException(ServingError.Unavailable, $"the silo of '{result.Key}' does not say which weights it holds, so no receipt can be signed; update it");
        return new Receipt(Key, EngineOf(provenance.Engine), provenance.Sha256, request, result, _time.GetUtcNow().ToUnixTimeMilliseconds()) { IsProof = GivesProofs };
    }

    /// <inheritdoc/>
    public void Dispose() => Key?.Dispose();

    // Mostly one engine; of several silos the last one seen is kept.
    private EngineText EngineOf(string text)
    {
        var known = _engine;
        if (known is null || known.Engine != text)
            _engine = known = new EngineText(Server, text);
        return known;
    }
}

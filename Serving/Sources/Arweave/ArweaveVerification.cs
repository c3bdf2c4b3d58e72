namespace Granary.Serving.Sources.Arweave;

/// <summary>What must hold before a file from Arweave is used.</summary>
public enum ArweaveVerification
{
    /// <summary>Id, owner's signature, data and File-SHA256 agree; no gateway needs to be trusted for what the file is.</summary>
    Full,

    /// <summary>
    /// The content has the File-SHA256 that the gateway's index tells. Protects against damage, not against a gateway that lies;
    /// for files whose signature (Ethereum, Solana) cannot be verified here.
    /// </summary>
    Hash,
}

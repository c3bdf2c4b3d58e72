namespace Granary.Serving.Sources.Blob;

/// <summary>How requests prove who asks.</summary>
internal enum BlobAccess
{
    /// <summary>Not at all.</summary>
    Anonymous,

    /// <summary>A bearer token of Microsoft Entra ID.</summary>
    Identity,

    /// <summary>A signature in the query.</summary>
    Sas,

    /// <summary>A signature with the account's key.</summary>
    SharedKey,
}

namespace Granary.Api.TorchServe.Tokens;

/// <summary>What a token allows.</summary>
internal enum TokenKind
{
    /// <summary>Running models.</summary>
    Inference,

    /// <summary>Managing models.</summary>
    Management,

    /// <summary>Asking for new tokens of the other kinds.</summary>
    Api,
}

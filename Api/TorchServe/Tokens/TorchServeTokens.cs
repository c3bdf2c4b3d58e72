using Granary.Api.Security;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Granary.Api.TorchServe.Tokens;

/// <summary>TorchServe asks for its token on KServe's paths too; here every protocol on the same ports runs the same models.</summary>
internal sealed class TorchServeTokens(IOptions<TorchServeOptions> options, TokenAuthority tokens) : IInferenceTokens
{
    /// <inheritdoc/>
    public bool AreAskedFor { get; } = options.Value.TokenAuthorization;

    /// <inheritdoc/>
    public bool Accept(StringValues authorization) => tokens.Accepts(authorization, TokenKind.Inference);
}

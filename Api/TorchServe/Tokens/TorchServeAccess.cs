using Granary.Api.Security;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe.Tokens;

/// <summary>
/// Who may use TorchServe's protocols. With tokens, whoever presents the right one (or the service's own bearer token or
/// administration key). Without, inference asks for the bearer token if there is one, and management is for those who may
/// administer: never for other machines without a key, whatever address it listens on.
/// </summary>
internal sealed class TorchServeAccess(IOptions<TorchServeOptions> options, IOptions<SecurityOptions> security, AdminAccess admin, TokenAuthority tokens)
{
    private const string WrongToken = "Token Authorization failed. Token either incorrect, expired, or not provided correctly";
    private readonly bool _asksForTokens = options.Value.TokenAuthorization;
    private readonly BearerKey? _bearer = BearerKey.FromSetting(security.Value.Bearer);

    /// <summary>Why a request may not run models; null when it may.</summary>
    public TorchServeException? CheckInference(HttpContext context)
    {
        if (!_asksForTokens && _bearer is null)
            return null;
        var authorization = context.Request.Headers.Authorization;
        if (_bearer is not null && _bearer.Matches(authorization))
            return null;
        return _asksForTokens && tokens.Accepts(authorization, TokenKind.Inference) ? null : Refusal();
    }

    /// <summary>Why a request may not manage models; null when it may.</summary>
    public TorchServeException? CheckManagement(HttpContext context)
    {
        if (admin.IsElsewhere(context) && !TorchServePorts.IsManagement(context))
            return TorchServeException.NoResource();
        if (_asksForTokens)
            return tokens.Accepts(context.Request.Headers.Authorization, TokenKind.Management) || admin.PresentsKey(context) ? null : Refusal();
        return admin.Check(context) is { } denial ? new TorchServeException(denial.Status, denial.Status == StatusCodes.Status401Unauthorized ? "InvalidKeyException" : "AccessDeniedException", denial.Reason) : null;
    }

    /// <summary>Why a request may not ask for new tokens; null when it may.</summary>
    public TorchServeException? CheckTokens(HttpContext context)
    {
        if (!_asksForTokens || (admin.IsElsewhere(context) && !TorchServePorts.IsManagement(context)))
            return TorchServeException.NoResource();
        return tokens.Accepts(context.Request.Headers.Authorization, TokenKind.Api) ? null : Refusal();
    }

    private TorchServeException Refusal() =>
        new(options.Value.BadRequestForTokens ? StatusCodes.Status400BadRequest : StatusCodes.Status401Unauthorized, "InvalidKeyException", WrongToken);
}

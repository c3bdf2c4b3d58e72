using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Granary.Api.Security;

/// <summary>Who may run models: whoever presents <see cref="SecurityOptions.Bearer"/>, or a token where a protocol has its own.</summary>
internal sealed class InferenceAccess(BearerKey? bearer, IReadOnlyList<IInferenceTokens> tokens)
{
    /// <summary>What the service was started with; null when everybody may.</summary>
    public static InferenceAccess? Of(IServiceProvider services)
    {
        var bearer = BearerKey.FromSetting(services.GetRequiredService<IOptions<SecurityOptions>>().Value.Bearer);
        var tokens = services.GetServices<IInferenceTokens>().Where(static one => one.AreAskedFor).ToArray();
        return bearer is null && tokens.Length == 0 ? null : new InferenceAccess(bearer, tokens);
    }

    /// <summary>Whether an <c>Authorization</c> header is enough.</summary>
    public bool Admits(StringValues authorization)
    {
        if (bearer is not null && bearer.Matches(authorization))
            return true;
        foreach (var one in tokens)
        {
            if (one.Accept(authorization))
                return true;
        }

        return false;
    }
}

using Microsoft.Extensions.Primitives;

namespace Granary.Api.Security;

/// <summary>Tokens of a protocol that, where they are asked for, everything that runs models asks for, so that no other protocol is a way around them.</summary>
internal interface IInferenceTokens
{
    /// <summary>Whether callers need one. Does not change while the service runs.</summary>
    bool AreAskedFor { get; }

    /// <summary>Whether an <c>Authorization</c> header presents one.</summary>
    bool Accept(StringValues authorization);
}

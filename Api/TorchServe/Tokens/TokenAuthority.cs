using System.Buffers.Text;
using System.Security.Cryptography;
using Granary.Api.Security;
using Microsoft.Extensions.Primitives;

namespace Granary.Api.TorchServe.Tokens;

/// <summary>
/// Makes and checks tokens: 256 random bits each, of which only digests stay in memory, compared in constant time. Tokens for
/// inference and management expire. Safe for concurrent use.
/// Source of the rules: pytorch/serve, <c>TokenAuthorization.java</c>, whose tokens have 48 bits and are compared as texts.
/// </summary>
internal sealed class TokenAuthority(TimeSpan lifetime, TimeProvider time)
{
    private const int TokenBytes = 32;
    private readonly Lock _lock = new();
    private volatile IssuedTokens _tokens = IssuedTokens.None;

    /// <summary>Makes new tokens of every kind.</summary>
    /// <returns>What belongs into the key file.</returns>
    public TokenSet Issue()
    {
        lock (_lock)
        {
            var expires = time.GetUtcNow() + lifetime;
            var set = new TokenSet(new Token(Create(), expires), new Token(Create(), expires), Create());
            _tokens = new IssuedTokens(set, new BearerKey(set.Management.Key), new BearerKey(set.Inference.Key), new BearerKey(set.Api));
            return set;
        }
    }

    /// <summary>Makes a new token of one kind; the others stay.</summary>
    /// <param name="kind">Not <see cref="TokenKind.Api"/>.</param>
    /// <param name="save">Writes the set before it counts; when it throws, nothing changes.</param>
    public void Renew(TokenKind kind, Action<TokenSet> save)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)kind, (int)TokenKind.Api);
        lock (_lock)
        {
            var tokens = _tokens;
            var token = new Token(Create(), time.GetUtcNow() + lifetime);
            var set = kind == TokenKind.Management ? tokens.Set! with { Management = token } : tokens.Set! with { Inference = token };
            save(set);
            var key = new BearerKey(token.Key);
            _tokens = kind == TokenKind.Management ? tokens with { Set = set, Management = key } : tokens with { Set = set, Inference = key };
        }
    }

    /// <summary>Whether an <c>Authorization</c> header presents a valid token of that kind.</summary>
    public bool Accepts(StringValues authorization, TokenKind kind)
    {
        var tokens = _tokens;
        if (tokens.Set is not { } set)
            return false;
        return kind switch
        {
            TokenKind.Api => tokens.Api!.Matches(authorization),
            TokenKind.Management => tokens.Management!.Matches(authorization) && time.GetUtcNow() < set.Management.Expires,
            _ => tokens.Inference!.Matches(authorization) && time.GetUtcNow() < set.Inference.Expires,
        };
    }

    private static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    private sealed record IssuedTokens(TokenSet? Set, BearerKey? Management, BearerKey? Inference, BearerKey? Api)
    {
        public static IssuedTokens None { get; } = new(null, null, null, null);
    }
}

/// <summary>One token.</summary>
/// <param name="Key">What callers present.</param>
/// <param name="Expires">From when on it is refused.</param>
internal sealed record Token(string Key, DateTimeOffset Expires);

/// <summary>What the key file holds.</summary>
internal sealed record TokenSet(Token Management, Token Inference, string Api);

using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe.Tokens;

/// <summary>Writes the key file before the server listens, and takes it away when it stops.</summary>
internal sealed partial class TokenService(IOptions<TorchServeOptions> options, TokenAuthority tokens, ILogger<TokenService> logger) : IHostedService
{
    private readonly string _path = Path.GetFullPath(options.Value.KeyFile);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.TokenAuthorization)
            return Task.CompletedTask;
        try
        {
            KeyFile.Write(_path, tokens.Issue());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the key file '{_path}' cannot be written: {exception.Message}; set {TorchServeOptions.SectionName}:{nameof(TorchServeOptions.KeyFile)}, or start with --disable-token-auth", exception);
        }

        LogKeyFile(_path);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (options.Value.TokenAuthorization)
            File.Delete(_path);
        return Task.CompletedTask;
    }

    /// <summary>Makes a new token of one kind and writes it to the file.</summary>
    public void Renew(TokenKind kind) => tokens.Renew(kind, set => KeyFile.Write(_path, set));

    [LoggerMessage(LogLevel.Information, "TorchServe's requests need a token; the tokens are in {Path}. --disable-token-auth turns this off")]
    private partial void LogKeyFile(string path);
}

using System.Text.Json;
using Granary.Api.TorchServe.Tokens;

namespace Granary.Api.Tests.TorchServe.Tokens;

public sealed class TokenAuthorityTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-tokens-");
    private readonly Clock _time = new();

    public void Dispose() => _folder.Delete(true);

    private TokenAuthority Create() => new(TimeSpan.FromMinutes(60), _time);

    [Fact]
    public void Issue_EveryTime_GivesThreeDifferentTokensOf256Bits()
    {
        var tokens = Create();
        var sets = Enumerable.Range(0, 50).Select(_ => tokens.Issue()).ToList();
        var keys = sets.SelectMany(static set => new[] { set.Management.Key, set.Inference.Key, set.Api }).ToList();
        Assert.Equal(150, keys.Distinct().Count());
        Assert.All(keys, static key => Assert.Equal(32, System.Buffers.Text.Base64Url.DecodeFromChars(key).Length));
    }

    [Fact]
    public void Accepts_OnlyTheTokenOfItsKind()
    {
        var tokens = Create();
        Assert.False(tokens.Accepts("Bearer ", TokenKind.Inference));
        var set = tokens.Issue();
        foreach (var (key, own) in new[] { (set.Inference.Key, TokenKind.Inference), (set.Management.Key, TokenKind.Management), (set.Api, TokenKind.Api) })
        {
            foreach (var kind in Enum.GetValues<TokenKind>())
                Assert.Equal(kind == own, tokens.Accepts($"Bearer {key}", kind));
            Assert.False(tokens.Accepts(key, own));
            Assert.False(tokens.Accepts($"Bearer {key[..^1]}", own));
            Assert.False(tokens.Accepts($"Bearer {key}x", own));
            Assert.False(tokens.Accepts(new(["Bearer x", $"Bearer {key}"]), own));
        }
    }

    [Fact]
    public void Accepts_AfterTheLifetime_OnlyTheApiToken()
    {
        var tokens = Create();
        var set = tokens.Issue();
        _time.Advance(TimeSpan.FromMinutes(60) - TimeSpan.FromTicks(1));
        Assert.True(tokens.Accepts($"Bearer {set.Inference.Key}", TokenKind.Inference));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(tokens.Accepts($"Bearer {set.Inference.Key}", TokenKind.Inference));
        Assert.False(tokens.Accepts($"Bearer {set.Management.Key}", TokenKind.Management));
        Assert.True(tokens.Accepts($"Bearer {set.Api}", TokenKind.Api));
    }

    [Fact]
    public void Renew_OneKind_LeavesTheOthersAndExtends()
    {
        var tokens = Create();
        var set = tokens.Issue();
        _time.Advance(TimeSpan.FromMinutes(59));
        TokenSet? saved = null;
        tokens.Renew(TokenKind.Inference, changed => saved = changed);

        Assert.Equal(set.Management, saved!.Management);
        Assert.NotEqual(set.Inference, saved.Inference);
        Assert.False(tokens.Accepts($"Bearer {set.Inference.Key}", TokenKind.Inference));
        Assert.True(tokens.Accepts($"Bearer {saved.Inference.Key}", TokenKind.Inference));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(tokens.Accepts($"Bearer {saved.Inference.Key}", TokenKind.Inference));
        Assert.False(tokens.Accepts($"Bearer {set.Management.Key}", TokenKind.Management));
    }

    [Fact]
    public void Renew_FileCannotBeWritten_KeepsTheOldToken()
    {
        var tokens = Create();
        var set = tokens.Issue();
        Assert.Throws<IOException>(() => tokens.Renew(TokenKind.Inference, static _ => throw new IOException("full")));
        Assert.True(tokens.Accepts($"Bearer {set.Inference.Key}", TokenKind.Inference));
    }

    [Fact]
    public void Write_KeyFile_IsTorchServesAndForItsOwnerOnly()
    {
        var path = Path.Combine(_folder.FullName, "key_file.json");
        File.WriteAllText(path, "from an earlier run");
        var set = Create().Issue();
        KeyFile.Write(path, set);

        using var document = JsonDocument.Parse(File.ReadAllText(path));
        Assert.Equal(["management", "inference", "API"], document.RootElement.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(set.Management.Key, document.RootElement.GetProperty("management").GetProperty("key").GetString());
        Assert.Equal(set.Inference.Expires.UtcDateTime, document.RootElement.GetProperty("inference").GetProperty("expiration time").GetDateTime().ToUniversalTime());
        Assert.Equal(set.Api, document.RootElement.GetProperty("API").GetProperty("key").GetString());
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(_folder.FullName));
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan time) => _now += time;
    }
}

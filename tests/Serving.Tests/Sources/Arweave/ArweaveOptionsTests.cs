using Granary.Serving.Sources.Arweave;

namespace Granary.Serving.Tests.Sources.Arweave;

public sealed class ArweaveOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValidAndNameSeveralGateways()
    {
        var options = new ArweaveOptions();
        Assert.True(new ArweaveOptionsValidator().Validate(null, options).Succeeded);
        Assert.Equal("https://arweave.net", options.EffectiveGateways[0]);
        Assert.True(options.EffectiveGateways.Length > 1);
    }

    [Fact]
    public void Validate_EverythingWrong_NamesAllAtOnce()
    {
        var result = new ArweaveOptionsValidator().Validate(null, new ArweaveOptions
        {
            Gateways = ["arweave.net", "ftp://a", "https://u:p@b", "https://c/?q", "https://d", "HTTPS://D"],
            Verification = (ArweaveVerification)7,
            AnswerTimeout = TimeSpan.Zero,
            MaxAnswerBytes = 1,
            MaxPages = 0,
            ChunkedFromBytes = -1,
            ParallelChunks = 65,
        });
        Assert.Equal(11, result.Failures!.Count());
        Assert.All(["'arweave.net'", "'ftp://a'", "'https://u:p@b'", "'https://c/?q'", "twice", "Verification is 7", "AnswerTimeout is 00:00:00", "MaxAnswerBytes is 1", "MaxPages is 0", "ChunkedFromBytes is -1", "ParallelChunks is 65"],
            part => Assert.Single(result.Failures!, failure => failure.Contains(part, StringComparison.Ordinal)));
    }
}

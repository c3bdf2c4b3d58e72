using Granary.Serving.Sources.Urls;

namespace Granary.Serving.Tests.Sources.Urls;

public sealed class UrlRulesTests
{
    [Theory]
    [InlineData("https://models\\.example\\.org/.*", "https://models.example.org/m.mar", true)]
    [InlineData("https://models\\.example\\.org/.*", "HTTPS://MODELS.EXAMPLE.ORG/m.mar", true)]
    [InlineData("https://models\\.example\\.org/.*", "https://models.example.org.evil.test/m.mar", false)]
    [InlineData("https://models\\.example\\.org/.*", "https://evil.test/?https://models.example.org/m.mar", false)]
    [InlineData("https://models\\.example\\.org/.*", "http://models.example.org/m.mar", false)]
    [InlineData("a|https://x/", "https://x/evil", false)]
    [InlineData("https://x/.*\\.mar", "https://x/a.mar\n", false)]
    public void Allows_TheWholeUrl_MustMatch(string pattern, string url, bool allowed) => Assert.Equal(allowed, new UrlRules([pattern]).Allows(url));

    [Fact]
    public void Allows_WithoutRules_Nothing() => Assert.False(new UrlRules([]).Allows("https://example.org/m.mar"));

    [Theory]
    [InlineData("[")]
    [InlineData("(?=x)")]
    [InlineData("(a)\\1")]
    public void Fault_WhatCannotRunInLinearTime_IsOne(string pattern) => Assert.NotNull(UrlRules.Fault(pattern));

    [Fact]
    public void Fault_ASoundPattern_IsNone() => Assert.Null(UrlRules.Fault("https://(www\\.)?example\\.org/.*"));
}

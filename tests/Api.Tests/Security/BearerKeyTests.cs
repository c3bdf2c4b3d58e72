using Granary.Api.Security;
using Microsoft.Extensions.Primitives;

namespace Granary.Api.Tests.Security;

public sealed class BearerKeyTests
{
    [Theory]
    [InlineData("Bearer s3cret", true)]
    [InlineData("bearer s3cret", true)]
    [InlineData("Bearer s3cre", false)]
    [InlineData("Bearer s3crets", false)]
    [InlineData("Bearer S3cret", false)]
    [InlineData("Bearer  s3cret", false)]
    [InlineData("Bearer ", false)]
    [InlineData("Bearer", false)]
    [InlineData("s3cret", false)]
    [InlineData("Basic s3cret", false)]
    [InlineData("", false)]
    public void Matches_Header_OnlyTheSecret(string header, bool expected) =>
        Assert.Equal(expected, new BearerKey("s3cret").Matches(header));

    [Fact]
    public void Matches_NoHeader_False() => Assert.False(new BearerKey("s3cret").Matches(StringValues.Empty));

    [Fact]
    public void Matches_RepeatedHeader_False() =>
        Assert.False(new BearerKey("s3cret").Matches(new StringValues(["Bearer s3cret", "Bearer s3cret"])));

    [Fact]
    public void Matches_LongestSecret_True()
    {
        var secret = new string('k', BearerKey.MaxBytes);
        Assert.True(new BearerKey(secret).Matches("Bearer " + secret));
        Assert.False(new BearerKey(secret).Matches("Bearer " + secret + "k"));
    }

    [Fact]
    public void Matches_LongestHeaderOutsideAscii_False() =>
        Assert.False(new BearerKey("s3cret").Matches("Bearer " + new string('é', BearerKey.MaxBytes)));

    [Theory]
    [InlineData("plain-Key_1~", null)]
    [InlineData("two words", "blank")]
    [InlineData("tab\t", "control")]
    [InlineData("schlüssel", "ASCII")]
    public void Fault_Secret_NamesWhatCannotTravel(string secret, string? word)
    {
        if (word is null)
            Assert.Null(BearerKey.Fault(secret));
        else
            Assert.Contains(word, BearerKey.Fault(secret), StringComparison.Ordinal);
    }

    [Fact]
    public void FromSetting_Empty_Null()
    {
        Assert.Null(BearerKey.FromSetting(""));
        Assert.Null(BearerKey.FromSetting(null));
    }
}

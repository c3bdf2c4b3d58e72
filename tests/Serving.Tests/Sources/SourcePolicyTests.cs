using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Support;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Sources;

public sealed class SourcePolicyTests
{
    private readonly SourcePolicyOptions _options = new();

    [Theory]
    [InlineData("huggingface/any/name:f")]
    [InlineData("arweave/any/name:f")]
    [InlineData("blob/any/path")]
    [InlineData("local/any")]
    public void Check_Defaults_AllowEverySource(string id) => Policy().Check(ModelIdParser.Parse(id), trusted: false);

    [Fact]
    public void Check_SourceNotListed_IsDeniedNamingIdAndList()
    {
        _options.AllowedSources = [ModelSourceKind.Arweave];
        var id = ModelIdParser.Parse("huggingface/o/n:f");
        var message = Raises.Serving(ServingError.PermissionDenied, () => Policy().Check(id, trusted: false));

        Assert.Contains("'huggingface/o/n:f'", message, StringComparison.Ordinal);
        Assert.Contains("SourcePolicy:AllowedSources", message, StringComparison.Ordinal);
        Policy().Check(id, trusted: true);
    }

    [Theory]
    [InlineData("huggingface/Good/n:f", true)]
    [InlineData("huggingface/good/n:f", true)]
    [InlineData("huggingface/half/this:f", true)]
    [InlineData("huggingface/half/that:f", false)]
    [InlineData("huggingface/goody/n:f", false)]
    [InlineData("arweave/AbC/n:f", true)]
    [InlineData("arweave/abc/n:f", false)]
    [InlineData("blob/any/path", true)]
    public void Check_Owners_LimitTheirKindOnly(string text, bool isAllowed)
    {
        _options.AllowedOwners[ModelSourceKind.HuggingFace] = ["good", "half/this"];
        _options.AllowedOwners[ModelSourceKind.Arweave] = ["AbC"];
        var id = ModelIdParser.Parse(text);

        if (isAllowed)
            Policy().Check(id, trusted: false);
        else
            Assert.Contains("SourcePolicy:AllowedOwners:", Raises.Serving(ServingError.PermissionDenied, () => Policy().Check(id, false)), StringComparison.Ordinal);
    }

    [Fact]
    public void MaxFileBytes_Trusted_HasNoLimit()
    {
        Assert.Equal(10L << 30, Policy().MaxFileBytes(trusted: false));
        Assert.Equal(long.MaxValue, Policy().MaxFileBytes(trusted: true));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData("[]")]
    public void ParseOwners_Nothing_IsEmpty(string? text) => Assert.Empty(OwnerList.Parse(text));

    [Theory]
    [InlineData("a, b/c ,")]
    [InlineData(" [\"a\", \"b/c\"] ")]
    public void ParseOwners_BothForms_AreRead(string text) => Assert.Equal(["a", "b/c"], OwnerList.Parse(text));

    [Theory]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("[\"a\"")]
    public void ParseOwners_BrokenJson_IsRefused(string text) => Assert.Throws<FormatException>(() => OwnerList.Parse(text));

    private SourcePolicy Policy() => new(Options.Create(_options));
}

using Granary.Serving.Servables;

namespace Granary.Serving.Tests.Servables;

public sealed class ServableIdentifierTests
{
    [Theory]
    [InlineData("housing", "housing", null, "local/housing")]
    [InlineData("housing/2", "housing", "2", "local/housing/2")]
    [InlineData("housing/1.0", "housing", "1.0", "local/housing/1.0")]
    [InlineData("model.pt", "model.pt", null, "local/model.pt")]
    [InlineData("./model.pt", null, null, "local/model.pt")]
    [InlineData("a//b/./model.pt", null, null, "local/a/b/model.pt")]
    [InlineData("/srv/models//model.pt", null, null, "local//srv/models/model.pt")]
    [InlineData("local/model.pt", null, null, "local/model.pt")]
    [InlineData("huggingface/owner/name:model.pt", null, null, "huggingface/owner/name:model.pt")]
    public void Parse_Text_IsNameOrFileOrBoth(string text, string? name, string? version, string? key)
    {
        var identifier = ServableIdentifier.Parse(text);
        Assert.Equal((name, version, key), (identifier.Name, identifier.Version, identifier.Key?.Name));
        Assert.Null(identifier.Fault);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../model.pt")]
    [InlineData("a/../model.pt")]
    [InlineData("./..//model.pt")]
    [InlineData("/")]
    [InlineData("/../model.pt")]
    [InlineData("a\\model.pt")]
    [InlineData("a\0.pt")]
    [InlineData("local/../model.pt")]
    [InlineData("huggingface/owner")]
    public void Parse_WhatLeadsOutOrNowhere_HasAFault(string text)
    {
        var identifier = ServableIdentifier.Parse(text);
        Assert.Null(identifier.Key);
        Assert.NotNull(identifier.Fault);
    }
}

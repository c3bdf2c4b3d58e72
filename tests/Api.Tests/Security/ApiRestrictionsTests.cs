using Granary.Api.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Granary.Api.Tests.Security;

public sealed class ApiRestrictionsTests
{
    [Fact]
    public void Of_GroupsOfEntries_HaveTheirHeaders()
    {
        var restrictions = new ApiRestrictions(Options.Create(new RestrictionOptions
        {
            HttpApis = ["model-repository,logging:admin-key=a=b:c", "inference:infer=x"],
            GrpcProtocols = ["health:k=v"],
        }));

        Assert.Equal("admin-key", restrictions.OfHttp(ApiGroup.ModelRepository)!.Header);
        Assert.Same(restrictions.OfHttp(ApiGroup.ModelRepository), restrictions.OfHttp(ApiGroup.Logging));
        Assert.Equal("infer", restrictions.OfHttp(ApiGroup.Inference)!.Header);
        Assert.Null(restrictions.OfHttp(ApiGroup.Health));
        Assert.Equal("triton-grpc-protocol-k", restrictions.OfGrpc(ApiGroup.Health)!.Header);
        Assert.Null(restrictions.OfGrpc(ApiGroup.Inference));
        // What follows the first equals sign is the value.
        Assert.True(restrictions.OfHttp(ApiGroup.Logging)!.IsMetBy(Headers("a=b:c")));
    }

    [Theory]
    [InlineData("secret", true)]
    [InlineData("Secret", false)]
    [InlineData("secret2", false)]
    [InlineData("secre", false)]
    [InlineData("", false)]
    public void IsMetBy_OneValue_MustBeTheSecret(string value, bool expected) =>
        Assert.Equal(expected, new ApiRestriction("admin-key", "secret").IsMetBy(Headers(value)));

    [Fact]
    public void IsMetBy_NoneOrSeveralOrTooLong_IsNot()
    {
        var restriction = new ApiRestriction("admin-key", "secret");

        Assert.False(restriction.IsMetBy(new HeaderDictionary()));
        Assert.False(restriction.IsMetBy(Headers("secret", "secret")));
        Assert.False(new ApiRestriction("admin-key", new string('x', 2000)).IsMetBy(Headers(new string('x', 2000))));
    }

    [Theory]
    [InlineData("inference", "is not GROUP,GROUP:KEY=VALUE")]
    [InlineData("inference:key", "is not GROUP,GROUP:KEY=VALUE")]
    [InlineData("inference:=value", "is not GROUP,GROUP:KEY=VALUE")]
    [InlineData("inference:key=", "is not GROUP,GROUP:KEY=VALUE")]
    [InlineData(":key=value", "is not GROUP,GROUP:KEY=VALUE")]
    [InlineData("inference:a b=value", "has the key 'a b'; a header's name has letters, digits, - _ and . only")]
    [InlineData("infer:key=value", "has the group 'infer'; expected health, metadata, inference, shared-memory, model-config, model-repository, statistics, trace, logging")]
    [InlineData("trace,trace:key=value", "has the group 'trace' twice; a group may stand in one entry only")]
    public void Validate_WrongEntry_SaysWhat(string entry, string fault)
    {
        var result = new RestrictionOptionsValidator().Validate(null, new RestrictionOptions { HttpApis = [entry], GrpcProtocols = [entry] });

        Assert.Equal([$"Granary:Restrictions:HttpApis {fault}", $"Granary:Restrictions:GrpcProtocols {fault}"], result.Failures!);
    }

    [Fact]
    public void Validate_GroupInTwoEntries_IsRefused()
    {
        Assert.Equal(["has the group 'trace' twice; a group may stand in one entry only"], ApiRestrictions.Faults(["trace,logging:a=1", "trace:b=2"]));
        Assert.Empty(ApiRestrictions.Faults(["trace,logging:a=1", "inference:a=2"]));
    }

    private static HeaderDictionary Headers(params string[] values) => new() { ["Admin-Key"] = values };
}

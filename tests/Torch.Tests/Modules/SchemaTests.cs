using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

public sealed class SchemaTests
{
    [Fact]
    public void Methods_SeveralExported_AllAreThereWithoutSelf()
    {
        using var module = Fixture.Load("calls");
        Assert.Equal(["forward", "needs", "none", "scaled"], module.Methods.Select(method => method.Name).Order());
        Assert.DoesNotContain(module.Methods.SelectMany(method => method.Arguments), argument => argument.Name == "self");
    }

    [Fact]
    public void Methods_Defaults_ArePrintedAsPython()
    {
        using var module = Fixture.Load("calls");
        var forward = module.Methods.Single(method => method.Name == "forward");
        Assert.Equal(
            [
                new ArgumentSchema("x", "Tensor", false, null),
                new ArgumentSchema("scale", "float", true, "2.0"),
                new ArgumentSchema("shift", "int", true, "0"),
                new ArgumentSchema("name", "str", true, "\"it's\""),
                new ArgumentSchema("flags", "Tuple[int, float]", true, "(1, -0.5)"),
                new ArgumentSchema("limit", "Optional[float]", true, "None"),
                new ArgumentSchema("exact", "bool", true, "True"),
            ],
            forward.Arguments);
        Assert.Equal("Tuple[Tensor, str]", forward.ReturnType);
    }

    [Theory]
    [InlineData("forward", "Tensor")]
    [InlineData("nothing", "None")]
    [InlineData("number", "number")]
    [InlineData("anything", "Any")]
    [InlineData("complexes", "List[complex]")]
    [InlineData("nested", "List[List[Dict[str, List[Optional[int]]]]]")]
    [InlineData("point", "Point")]
    [InlineData("points", "Dict[str, List[Point]]")]
    [InlineData("by_tensor", "Dict[Tensor, int]")]
    public void Methods_Types_ArePrintedAsAnnotated(string name, string type)
    {
        using var module = Fixture.Load("echo");
        var method = module.Methods.Single(method => method.Name == name);
        Assert.Equal(type, Assert.Single(method.Arguments).Type);
        Assert.Equal(type, method.ReturnType);
    }

    [Fact]
    public void Methods_NamedTuplesInArguments_AreDescribedOnce()
    {
        using var module = Fixture.Load("echo");
        var method = module.Methods.Single(method => method.Name == "points");
        var tuple = Assert.Single(method.NamedTuples);
        Assert.Equal("Point", tuple.Name);
        Assert.Equal([new ArgumentSchema("x", "Tensor", false, null), new ArgumentSchema("y", "int", false, null)], tuple.Fields);
    }
}

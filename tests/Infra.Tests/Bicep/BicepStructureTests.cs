namespace Granary.Infra.Tests.Bicep;

/// <summary>What a compiler would say: there is none on every machine, so these rules are checked here.</summary>
public sealed class BicepStructureTests
{
    private static readonly string[] Functions =
    [
        "concat", "contains", "empty", "guid", "json", "length", "replace", "resourceGroup", "startsWith", "string", "subscription",
        "subscriptionResourceId", "take", "toLower", "union", "uniqueString",
    ];

    private static readonly string[] Words = ["true", "false", "null", "string", "int", "bool", "object", "array"];

    public static TheoryData<string> Templates => [.. BicepSources.Templates.Select(static file => file.Path)];

    [Fact]
    public void Main_Composed_DeploysNothingItself()
    {
        Assert.Empty(BicepSources.Main.Of("resource"));
        Assert.NotEmpty(BicepSources.Main.Of("module"));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Declarations_OfEveryTemplate_AreDescribedAndUnique(string path)
    {
        var file = Load(path);

        Assert.All(file.Parameters.Concat(file.Of("output")), static declaration =>
        {
            var text = ((BicepText)Assert.Single(declaration.Decorator("description") ?? [])).Format;
            Assert.True(text.Length > 4 && text.EndsWith('.') | text.Contains("….", StringComparison.Ordinal), $"{declaration.Name}: '{text}' is no sentence");
        });
        Assert.Equal(file.Declarations.Count, file.Declarations.Select(static declaration => (declaration.Keyword == "output", declaration.Name)).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Symbols_OfEveryTemplate_Resolve(string path)
    {
        var file = Load(path);
        var known = file.Declarations.Where(static declaration => declaration.Keyword != "output").Select(static declaration => declaration.Name)
            .Concat(file.Declarations.SelectMany(Nodes).OfType<BicepLoop>().Select(static loop => loop.Variable))
            .Concat(Words)
            .ToHashSet(StringComparer.Ordinal);

        var symbols = file.Declarations.SelectMany(Nodes).OfType<BicepSymbol>().Select(static symbol => symbol.Name).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(symbols.Except(known));
        Assert.Empty(file.Declarations.SelectMany(Nodes).OfType<BicepCall>().Select(static call => call.Function).Except(Functions));
        // What nobody uses is a mistake too.
        Assert.Empty(file.Parameters.Concat(file.Of("var")).Select(static declaration => declaration.Name).Except(symbols));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Modules_OfEveryTemplate_PassWhatTheirTemplateTakes(string path)
    {
        var file = Load(path);

        Assert.All(file.Of("module"), module =>
        {
            var target = BicepSources.Target(file, module.Reference!);
            var passed = ((BicepObject)module.Body.Properties["params"]).Properties.Keys;
            Assert.Empty(passed.Except(target.Parameters.Select(static parameter => parameter.Name)));
            Assert.Empty(Required(target).Except(passed));
            Assert.Contains("name", module.Body.Properties.Keys);
        });
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Outputs_ThatModulesAreAskedFor_Exist(string path)
    {
        var file = Load(path);
        var modules = file.Of("module").ToDictionary(static module => module.Name, module => BicepSources.Target(file, module.Reference!));

        Assert.All(Asked(file), asked => Assert.Contains(asked.Output, modules[asked.Module].Of("output").Select(static output => output.Name)));
    }

    [Fact]
    public void Templates_All_AreUsed()
    {
        var used = BicepSources.Templates.SelectMany(static file => file.Of("module").Select(module => BicepSources.Target(file, module.Reference!).Path));

        Assert.Equal(BicepSources.Templates.Select(static file => file.Path).Except(used), [BicepSources.Main.Path]);
    }

    [Fact]
    public void ResourceTypes_InAllTemplates_HaveOneVersionEach()
    {
        var types = BicepSources.Templates.SelectMany(static file => file.Of("resource")).Select(static resource => resource.Reference!.Split('@')).ToList();

        Assert.All(types, static type => Assert.Matches(@"^Microsoft\.\w+(/\w+)+@\d{4}-\d{2}-\d{2}(-preview)?$", string.Join('@', type)));
        Assert.All(types.GroupBy(static type => type[0]), static versions => Assert.Single(versions.Select(static type => type[1]).Distinct()));
    }

    [Theory]
    [InlineData("param a string = 'x", "the string does not end")]
    [InlineData("var a = {\n  b: 1\n", "where an expression is expected")]
    [InlineData("var a = {\n  b: 1\n  b: 2\n}", "given twice")]
    [InlineData("resources a = 1", "begins no statement")]
    public void Reader_WithBrokenText_SaysWhatIsWrong(string text, string reason)
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, text);
        try
        {
            Assert.Contains(reason, Assert.Throws<FormatException>(() => BicepFile.Load(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    internal static IEnumerable<string> Required(BicepFile template) =>
        template.Parameters.Where(static parameter => parameter.Value is null).Select(static parameter => parameter.Name);

    private static BicepFile Load(string path) => BicepSources.Templates.Single(file => file.Path == path);

    private static IEnumerable<BicepNode> Nodes(BicepDeclaration declaration) =>
        new[] { declaration.Type, declaration.Value }.Concat(declaration.Decorators.OfType<BicepCall>().Where(static call => call.Function is "description" or "secure" or "allowed")
            .SelectMany(static call => call.Arguments)).OfType<BicepNode>().SelectMany(static node => node.Walk()).Where(static node => !IsDecorator(node));

    // Inside a type they are nodes like others.
    private static bool IsDecorator(BicepNode node) => node is BicepCall { Function: "description" or "minValue" or "maxValue" or "minLength" or "maxLength" };

    private static IEnumerable<(string Module, string Output)> Asked(BicepFile file) =>
        from node in file.Declarations.SelectMany(Nodes).OfType<BicepMember>()
        where node.Of is BicepMember { Name: "outputs" }
        select (Owner(((BicepMember)node.Of).Of), node.Name);

    private static string Owner(BicepNode node) => node switch
    {
        BicepSymbol symbol => symbol.Name,
        BicepOperation operation => Owner(operation.Operands[0]),
        _ => throw new FormatException($"{node} is no module"),
    };
}

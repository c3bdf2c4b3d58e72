namespace Granary.Infra.Tests.Bicep;

/// <summary>A .bicep or .bicepparam file.</summary>
internal sealed class BicepFile
{
    private BicepFile(string path, IReadOnlyList<BicepDeclaration> declarations, string? uses)
    {
        Path = path;
        Declarations = declarations;
        Uses = uses;
    }

    /// <summary>Relative to the repository.</summary>
    public string Path { get; }

    public IReadOnlyList<BicepDeclaration> Declarations { get; }

    /// <summary>The template of a parameter file.</summary>
    public string? Uses { get; }

    public IEnumerable<BicepDeclaration> Parameters => Of("param");

    public IEnumerable<BicepDeclaration> Of(string keyword) => Declarations.Where(declaration => declaration.Keyword == keyword);

    public BicepDeclaration Get(string keyword, string name) => Of(keyword).Single(declaration => declaration.Name == name);

    public static BicepFile Load(string path)
    {
        try
        {
            var reader = new Reader(BicepLexer.Read(Repository.Read(path)));
            var declarations = reader.ReadFile();
            return new BicepFile(path, declarations, reader.Uses);
        }
        catch (FormatException exception)
        {
            throw new FormatException($"{path}, {exception.Message}", exception);
        }
    }

    private sealed class Reader(IReadOnlyList<BicepToken> tokens) : BicepExpressions(tokens)
    {
        public string? Uses { get; private set; }

        public List<BicepDeclaration> ReadFile()
        {
            var declarations = new List<BicepDeclaration>();
            var decorators = new List<BicepNode>();
            for (SkipLines(); Current.Kind != TokenKind.End; SkipLines())
            {
                if (TryTake("@"))
                {
                    decorators.Add(ReadExpression());
                    continue;
                }

                if (ReadStatement(decorators) is { } declaration)
                    declarations.Add(declaration);
                decorators = [];
                if (Current.Kind is not (TokenKind.NewLine or TokenKind.End))
                    throw new FormatException($"line {Current.Line}: '{Current.Text}' after the end of a statement");
            }

            return declarations;
        }

        private BicepDeclaration? ReadStatement(List<BicepNode> decorators)
        {
            var keyword = ExpectName();
            switch (keyword)
            {
                case "targetScope":
                    Expect("=");
                    ReadExpression();
                    return null;
                case "using":
                    Uses = Take().Text;
                    return null;
                case "param":
                case "output":
                    return ReadTyped(keyword, decorators);
                case "var":
                case "type":
                    var name = ExpectName();
                    Expect("=");
                    return new BicepDeclaration(keyword, name, null, null, ReadExpression(), decorators);
                case "resource":
                case "module":
                    return ReadDeployed(keyword, decorators);
                default:
                    throw new FormatException($"line {Current.Line}: '{keyword}' begins no statement");
            }
        }

        private BicepDeclaration ReadTyped(string keyword, List<BicepNode> decorators)
        {
            var name = ExpectName();
            var type = Current.Is("=") ? null : ReadExpression();
            var value = TryTake("=") ? ReadExpression() : null;
            return new BicepDeclaration(keyword, name, null, type, value, decorators);
        }

        private BicepDeclaration ReadDeployed(string keyword, List<BicepNode> decorators)
        {
            var name = ExpectName();
            var reference = Take().Text;
            var existing = Current.IsWord("existing");
            if (existing)
                Take();
            Expect("=");
            BicepNode body;
            if (Current.IsWord("if"))
            {
                Take();
                Expect("(");
                var test = ReadExpression();
                Expect(")");
                body = new BicepCondition(test, ReadExpression());
            }
            else
            {
                body = ReadExpression();
            }

            return new BicepDeclaration(keyword, name, reference, null, body, decorators) { Existing = existing };
        }
    }
}

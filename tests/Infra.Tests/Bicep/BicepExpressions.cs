using System.Globalization;

namespace Granary.Infra.Tests.Bicep;

/// <summary>Reads expressions and types from tokens.</summary>
internal class BicepExpressions(IReadOnlyList<BicepToken> tokens)
{
    private static readonly string[] Binary = ["??", "==", "!=", "=~", "!~", "<=", ">=", "<", ">", "&&", "||", "+", "-", "*", "/", "%", "|"];
    private int _at;

    protected BicepToken Current => tokens[_at];

    protected BicepToken Take() => tokens[_at++];

    protected void Expect(string punctuation)
    {
        if (!Current.Is(punctuation))
            throw new FormatException($"line {Current.Line}: '{Current.Text}' where '{punctuation}' is expected");
        _at++;
    }

    protected string ExpectName()
    {
        if (Current.Kind != TokenKind.Identifier)
            throw new FormatException($"line {Current.Line}: '{Current.Text}' where a name is expected");
        return Take().Text;
    }

    protected bool TryTake(string punctuation)
    {
        if (!Current.Is(punctuation))
            return false;
        _at++;
        return true;
    }

    protected void SkipLines()
    {
        while (Current.Kind == TokenKind.NewLine)
            _at++;
    }

    public BicepNode ReadExpression()
    {
        var left = ReadOperation();
        SkipLinesBefore("?");
        // A mark at the end of a line belongs to a type that may be null.
        if (!Current.Is("?") || tokens[_at + 1].Kind is TokenKind.NewLine or TokenKind.End)
            return left;
        _at++;
        var yes = ReadExpression();
        SkipLinesBefore(":");
        Expect(":");
        return new BicepOperation("?:", [left, yes, ReadExpression()]);
    }

    public BicepNode ReadAll()
    {
        var node = ReadExpression();
        if (Current.Kind != TokenKind.End)
            throw new FormatException($"line {Current.Line}: '{Current.Text}' after the end of an expression");
        return node;
    }

    private BicepNode ReadOperation()
    {
        var left = ReadUnary();
        while (Current.Kind == TokenKind.Punctuation && Binary.Contains(Current.Text))
        {
            var name = Take().Text;
            SkipLines();
            left = new BicepOperation(name, [left, ReadUnary()]);
        }

        return left;
    }

    private BicepNode ReadUnary()
    {
        if (Current.Is("!") || Current.Is("-"))
            return new BicepOperation(Take().Text, [ReadUnary()]);
        return ReadMembers(ReadPrimary());
    }

    private BicepNode ReadMembers(BicepNode node)
    {
        while (true)
        {
            if (TryTake(".") || TryTake(".?"))
                node = new BicepMember(node, ExpectName());
            else if (TryTake("!"))
                node = new BicepOperation("!", [node]);
            else if (TryTake("["))
                node = ReadIndex(node);
            else
                return node;
        }
    }

    // Also the [] after a type.
    private BicepOperation ReadIndex(BicepNode node)
    {
        if (TryTake("]"))
            return new BicepOperation("[]", [node]);
        var index = ReadExpression();
        Expect("]");
        return new BicepOperation("[]", [node, index]);
    }

    private BicepNode ReadPrimary()
    {
        SkipLines();
        var token = Current;
        if (token.Is("{"))
            return ReadObject();
        if (token.Is("["))
            return ReadArray();
        _at++;
        switch (token.Kind)
        {
            case TokenKind.String:
                return new BicepText(token.Text, [.. token.Interpolations.Select(static part => new BicepExpressions(part).ReadAll())]);
            case TokenKind.Number:
                return new BicepNumber(int.Parse(token.Text, CultureInfo.InvariantCulture));
            case TokenKind.Identifier when Current.Is("("):
                return new BicepCall(token.Text, ReadArguments());
            case TokenKind.Identifier:
                return new BicepSymbol(token.Text);
        }

        if (!token.Is("("))
            throw new FormatException($"line {token.Line}: '{token.Text}' where an expression is expected");
        var inner = ReadExpression();
        SkipLines();
        Expect(")");
        return inner;
    }

    private List<BicepNode> ReadArguments()
    {
        Expect("(");
        var arguments = new List<BicepNode>();
        for (SkipLines(); !Current.Is(")"); SkipLines())
        {
            arguments.Add(ReadExpression());
            SkipLines();
            if (!Current.Is(")"))
                Expect(",");
        }

        Expect(")");
        return arguments;
    }

    private BicepObject ReadObject()
    {
        Expect("{");
        var properties = new Dictionary<string, BicepNode>(StringComparer.Ordinal);
        var others = new List<BicepNode>();
        for (SkipLines(); !Current.Is("}"); SkipLines())
        {
            if (TryTake("@"))
            {
                others.Add(ReadExpression());
                continue;
            }

            var line = Current.Line;
            var key = ReadPrimary();
            Expect(":");
            var value = ReadExpression();
            TryTake("?");
            var name = key switch { BicepSymbol symbol => symbol.Name, BicepText { Literal: { } literal } => literal, _ => null };
            if (name is null)
                others.AddRange([key, value]);
            else if (!properties.TryAdd(name, value))
                throw new FormatException($"line {line}: the property {name} is given twice");
            if (!Current.Is("}") && !TryTake(",") && Current.Kind != TokenKind.NewLine)
                throw new FormatException($"line {Current.Line}: '{Current.Text}' after the property {name}");
        }

        Expect("}");
        return new BicepObject(properties, others);
    }

    private BicepNode ReadArray()
    {
        Expect("[");
        SkipLines();
        if (Current.IsWord("for"))
            return ReadLoop();
        var items = new List<BicepNode>();
        for (; !Current.Is("]"); SkipLines())
        {
            items.Add(ReadExpression());
            if (!Current.Is("]") && !TryTake(",") && Current.Kind != TokenKind.NewLine)
                throw new FormatException($"line {Current.Line}: '{Current.Text}' after an item");
        }

        Expect("]");
        return new BicepArray(items);
    }

    private BicepLoop ReadLoop()
    {
        Take();
        var variable = ExpectName();
        if (ExpectName() != "in")
            throw new FormatException($"line {Current.Line}: 'in' is expected");
        var over = ReadExpression();
        Expect(":");
        var body = ReadExpression();
        SkipLines();
        Expect("]");
        return new BicepLoop(variable, over, body);
    }

    // A ternary may go on in the next line; nothing else begins with its marks.
    private void SkipLinesBefore(string punctuation)
    {
        var next = _at;
        while (tokens[next].Kind == TokenKind.NewLine)
            next++;
        if (tokens[next].Is(punctuation))
            _at = next;
    }
}

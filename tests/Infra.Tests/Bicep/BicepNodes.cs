namespace Granary.Infra.Tests.Bicep;

/// <summary>An expression.</summary>
internal abstract record BicepNode
{
    /// <summary>The parts, for walks over the tree.</summary>
    public abstract IEnumerable<BicepNode> Children { get; }

    /// <summary>This node and everything below it.</summary>
    public IEnumerable<BicepNode> Walk() => Children.SelectMany(static child => child.Walk()).Prepend(this);
}

internal sealed record BicepText(string Format, IReadOnlyList<BicepNode> Parts) : BicepNode
{
    public override IEnumerable<BicepNode> Children => Parts;

    public string? Literal => Parts.Count == 0 ? Format : null;
}

internal sealed record BicepNumber(int Value) : BicepNode
{
    public override IEnumerable<BicepNode> Children => [];
}

/// <summary>A symbol, or one of true, false and null.</summary>
internal sealed record BicepSymbol(string Name) : BicepNode
{
    public override IEnumerable<BicepNode> Children => [];
}

internal sealed record BicepObject(IReadOnlyDictionary<string, BicepNode> Properties, IReadOnlyList<BicepNode> Others) : BicepNode
{
    public override IEnumerable<BicepNode> Children => Properties.Values.Concat(Others);
}

internal sealed record BicepArray(IReadOnlyList<BicepNode> Items) : BicepNode
{
    public override IEnumerable<BicepNode> Children => Items;
}

internal sealed record BicepLoop(string Variable, BicepNode Over, BicepNode Body) : BicepNode
{
    public override IEnumerable<BicepNode> Children => [Over, Body];
}

internal sealed record BicepCondition(BicepNode Test, BicepNode Body) : BicepNode
{
    public override IEnumerable<BicepNode> Children => [Test, Body];
}

internal sealed record BicepCall(string Function, IReadOnlyList<BicepNode> Arguments) : BicepNode
{
    public override IEnumerable<BicepNode> Children => Arguments;
}

internal sealed record BicepMember(BicepNode Of, string Name) : BicepNode
{
    public override IEnumerable<BicepNode> Children => [Of];
}

/// <summary>Operators, indexing, ternaries: what the tests only walk through.</summary>
internal sealed record BicepOperation(string Operator, IReadOnlyList<BicepNode> Operands) : BicepNode
{
    public override IEnumerable<BicepNode> Children => Operands;
}

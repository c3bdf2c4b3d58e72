namespace Granary.Serving.Formats.Pickles;

/// <summary>A Python class or function that a pickle names; only the name, nothing behind it.</summary>
/// <param name="FullName">Module and name, such as <c>torch.float64</c> or <c>torch.nn.functional.relu</c>. Printable and short.</param>
internal sealed record PickledGlobal(string FullName)
{
    public override string ToString() => FullName;
}

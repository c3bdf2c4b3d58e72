namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>The worked examples of the protocol's notes, computed with Python's standard library.</summary>
internal static class Examples
{
    private static readonly Dictionary<string, byte[]> All = Load();

    public static IReadOnlyCollection<string> Names => All.Keys;

    public static byte[] Get(string name) => [.. All[name]];

    private static Dictionary<string, byte[]> Load()
    {
        var examples = new Dictionary<string, byte[]>();
        var name = "";
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Infernet", "golden", "onchain-examples.txt")))
        {
            if (line.StartsWith('['))
                examples[name = line[1..line.IndexOf(']')]] = [];
            else if (line.Length == 69)
                examples[name] = [.. examples[name], .. Convert.FromHexString(line[5..])];
        }

        return examples;
    }
}

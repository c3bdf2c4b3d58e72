using System.Text.RegularExpressions;

namespace Granary.Architecture.Tests;

/// <summary>What the pages say exists, and what users can set is on the pages.</summary>
public sealed class DocsTests
{
    // They come with the cluster part, which brings the folder infra/.
    private static readonly string[] Awaited = ["docs/cluster.md", "docs/deploy.md"];

    private static readonly string[] Pages = Directory
        .EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Where(file => !file.Split('/').Any(part => part is "obj" or "bin" or "artifacts" or "node_modules" or ".git"))
        .ToArray();

    private static readonly string Text = string.Join('\n', Pages.Select(Repository.Read));

    [Fact]
    public void RelativeLinks_OfEveryPage_LeadSomewhere()
    {
        var links = Pages.SelectMany(page => Links(page).Select(link => (Page: page, Target: link))).ToList();

        Assert.NotEmpty(links);
        Assert.Empty(links.Where(link => !Exists(link.Page, link.Target)).Select(link => $"{link.Page}: {link.Target}"));
    }

    [Fact]
    public void Flags_OfTheCommandLine_AreDocumented() =>
        AssertDocumented(Repository.Read("Api/Hosting/CommandLineOptions.cs"), "new\\(\"(--[a-z-]+)\"");

    [Fact]
    public void Variables_OfTheEnvironment_AreDocumented() =>
        AssertDocumented(
            Repository.Read("Hosting/Startup/EnvironmentSettings.cs") + Repository.Read("Hosting/Startup/StartupModelReader.cs"),
            // Not the parts that a prefix is put before.
            "(?<!\\+ |\\? |: )\"([A-Z]{2,}(?:_[A-Z]+)+)\"");

    [Fact]
    public void Metrics_OfTheMetricsPage_AreDocumented() =>
        AssertDocumented(
            string.Concat(Repository.ProductFiles.Where(file => file.StartsWith("Hosting/Telemetry/", StringComparison.Ordinal)).Select(Repository.Read)),
            "\"((?:granary|nv)_[a-z_]+)\"");

    [Fact]
    public void Properties_OfEveryOptionsClass_AreInTheTableOfTheirSection()
    {
        var tables = Regex.Split(Repository.Read("docs/configuration.md"), "^## ", RegexOptions.Multiline);
        var sections = 0;
        var missing = new List<string>();
        foreach (var file in Repository.ProductFiles.Where(file => Regex.IsMatch(file, "Options\\.cs$")))
        {
            var code = Repository.Read(file);
            if (Regex.Match(code, "SectionName = \"([\\w:]+)\"") is not { Success: true } section)
                continue;
            sections++;
            // The serving core knows no configuration: its sections stand below Granary.
            var heading = (file.StartsWith("Serving/", StringComparison.Ordinal) ? "Granary:" : "") + section.Groups[1].Value;
            var table = tables.FirstOrDefault(text => text.StartsWith(heading + "\n", StringComparison.Ordinal)) ?? "";
            missing.AddRange(Regex.Matches(code, @"public [^\n(=]+? (\w+) \{ get;")
                .Select(property => property.Groups[1].Value)
                .Where(property => !table.Contains($"| `{property}` |", StringComparison.Ordinal))
                .Select(property => $"{heading}:{property}"));
        }

        Assert.True(sections > 0);
        Assert.Empty(missing);
    }

    // Code blocks show things that look like links.
    private static IEnumerable<string> Links(string page) =>
        Regex.Matches(Regex.Replace(Repository.Read(page), "^```.*?^```", "", RegexOptions.Multiline | RegexOptions.Singleline), @"\]\(([^)\s]+)\)")
            .Select(match => match.Groups[1].Value)
            .Where(link => !Regex.IsMatch(link, "^[a-z]+:"));

    private static bool Exists(string page, string link)
    {
        var parts = link.Split('#', 2);
        var path = parts[0].Length == 0 ? page : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, parts[0]))).Replace('\\', '/');
        var full = Path.Combine(Repository.Root, path);
        if (!Path.Exists(full))
            return Awaited.Contains(path) && !Directory.Exists(Path.Combine(Repository.Root, "infra"));
        return parts.Length == 1 || Headings(path).Contains(parts[1]);
    }

    // As GitHub makes them: lower case, blanks to dashes, everything else but letters, digits, - and _ dropped.
    private static IEnumerable<string> Headings(string page) =>
        Regex.Matches(Repository.Read(page), "^#+ (.+)$", RegexOptions.Multiline)
            .Select(match => Regex.Replace(match.Groups[1].Value.Trim().ToLowerInvariant().Replace(' ', '-'), "[^\\w-]", ""));

    private static void AssertDocumented(string code, string pattern)
    {
        var names = Regex.Matches(code, pattern).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.NotEmpty(names);
        Assert.Empty(names.Where(name => !Regex.IsMatch(Text, $@"(?<![\w-]){Regex.Escape(name)}(?![\w-])")).ToList());
    }
}

using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Granary.Infra.Tests.Settings;

/// <summary>Projects and what they refer to, whatever the condition.</summary>
internal static partial class ProjectGraph
{
    /// <summary>The project files that these two need, themselves included, relative to the root.</summary>
    public static IReadOnlyCollection<string> Closure(params string[] projects)
    {
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(projects);
        while (open.TryDequeue(out var project))
        {
            if (!seen.Add(project))
                continue;
            var folder = Path.GetDirectoryName(Repository.Full(project))!;
            foreach (var reference in XDocument.Load(Repository.Full(project)).Descendants("ProjectReference"))
            {
                var full = Path.GetFullPath(Path.Combine(folder, reference.Attribute("Include")!.Value.Replace('\\', '/')));
                open.Enqueue(Path.GetRelativePath(Repository.Root, full));
            }
        }

        return seen;
    }

    /// <summary>The port of the API when nothing else is said, from its source.</summary>
    public static int ApiPort => int.Parse(
        DefaultPort().Match(Repository.Read("Hosting/Startup/BindAddress.cs")).Groups[1].Value,
        System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"DefaultPort = (\d+);")]
    private static partial Regex DefaultPort();
}

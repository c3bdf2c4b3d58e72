using System.Text.RegularExpressions;

namespace Granary.Infra.Tests.Docker;

/// <summary>One instruction of a Dockerfile, its lines joined.</summary>
/// <param name="Name">In capitals.</param>
/// <param name="Text">What follows.</param>
/// <param name="Stage">Stage it belongs to; empty before the first FROM.</param>
internal sealed record DockerInstruction(string Name, string Text, string Stage);

/// <summary>A stage: its name and what it builds on.</summary>
internal sealed record DockerStage(string Name, string From);

/// <summary>The instructions and stages of infra/docker/Dockerfile.</summary>
internal sealed partial class Dockerfile
{
    public const string Path = "infra/docker/Dockerfile";

    private Dockerfile(IReadOnlyList<DockerInstruction> instructions, IReadOnlyList<DockerStage> stages)
    {
        Instructions = instructions;
        Stages = stages;
    }

    public static Dockerfile Current { get; } = Parse(Repository.Read(Path));

    public IReadOnlyList<DockerInstruction> Instructions { get; }

    public IReadOnlyList<DockerStage> Stages { get; }

    public static Dockerfile Parse(string text)
    {
        var instructions = new List<DockerInstruction>();
        var stages = new List<DockerStage>();
        var lines = text.Split('\n').Where(static line => !line.TrimStart().StartsWith('#') && line.Trim().Length > 0);
        foreach (var line in Continuation().Replace(string.Join('\n', lines), " ").Split('\n'))
        {
            var space = line.IndexOf(' ');
            var (name, rest) = (line[..space], line[(space + 1)..].Trim());
            if (name == "FROM" && From().Match(rest) is { Success: true } from)
                stages.Add(new DockerStage(from.Groups[2].Value, from.Groups[1].Value));
            instructions.Add(new DockerInstruction(name, rest, stages.LastOrDefault()?.Name ?? ""));
        }

        return new Dockerfile(instructions, stages);
    }

    /// <summary>The instructions of a stage and of what it builds on.</summary>
    public IEnumerable<DockerInstruction> Of(string stage)
    {
        var below = Stages.FirstOrDefault(candidate => candidate.Name == stage)?.From;
        var inherited = below is not null && Stages.Any(candidate => candidate.Name == below) ? Of(below) : [];
        return inherited.Concat(Instructions.Where(instruction => instruction.Stage == stage));
    }

    /// <summary>Sources that COPY takes from the build context.</summary>
    public IEnumerable<string> ContextSources =>
        from copy in Instructions
        where copy.Name == "COPY" && !copy.Text.Contains("--from=", StringComparison.Ordinal)
        from source in Arguments(copy)[..^1]
        select source;

    /// <summary>Arguments of COPY without its flags.</summary>
    public static string[] Arguments(DockerInstruction copy) =>
        [.. copy.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(static word => !word.StartsWith("--", StringComparison.Ordinal))];

    /// <summary>Names of the variables that a stage sets.</summary>
    public IEnumerable<string> Variables(string stage) =>
        from instruction in Of(stage)
        where instruction.Name == "ENV"
        from Match pair in Variable().Matches(instruction.Text)
        select pair.Groups[1].Value;

    [GeneratedRegex(@"\s*\\\n\s*")]
    private static partial Regex Continuation();

    [GeneratedRegex(@"^(\S+) AS (\S+)$")]
    private static partial Regex From();

    [GeneratedRegex(@"(\w+)=\S+")]
    private static partial Regex Variable();
}

namespace Granary.Api.Hosting;

/// <summary>What command line and environment together ask for.</summary>
/// <param name="Model">The default model; null when none is named.</param>
/// <param name="FromEnvironment">Configuration entries of start-up variables; weaker than <paramref name="FromCommandLine"/>.</param>
/// <param name="FromCommandLine">Configuration entries of flags; they win over everything else.</param>
/// <param name="Errors">Every mistake of both.</param>
/// <param name="Warnings">What is odd but no mistake.</param>
/// <param name="HelpWanted">Print the help and stop.</param>
internal sealed record StartupOptions(
    StartupModel? Model,
    IReadOnlyDictionary<string, string?> FromEnvironment,
    IReadOnlyDictionary<string, string?> FromCommandLine,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> Warnings,
    bool HelpWanted)
{
    /// <summary>Reads both.</summary>
    public static StartupOptions Read(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> variables)
    {
        var line = CommandLine.Parse(arguments);
        var environment = EnvironmentSettings.Read(variables);
        return new StartupOptions(environment.Model, environment.Configuration, line.Configuration, [.. line.Errors, .. environment.Errors], environment.Warnings, line.HelpWanted);
    }

    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string?> ProcessVariables()
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables[(string)entry.Key] = (string?)entry.Value;
        return variables;
    }
}

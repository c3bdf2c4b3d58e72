using Granary.Api.TorchServe.Configuration;

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
        var torchServe = TorchServeStartup.Read(line.Configuration, variables);
        return new StartupOptions(
            environment.Model,
            Join(environment.Configuration, torchServe.Configuration),
            line.Configuration,
            [.. line.Errors, .. environment.Errors, .. torchServe.Errors],
            [.. environment.Warnings, .. torchServe.Warnings],
            line.HelpWanted);
    }

    private static Dictionary<string, string?> Join(IReadOnlyDictionary<string, string?> stronger, IReadOnlyDictionary<string, string?> weaker)
    {
        var joined = new Dictionary<string, string?>(weaker, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in stronger)
            joined[key] = value;
        return joined;
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

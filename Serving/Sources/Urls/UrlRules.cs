using System.Text.RegularExpressions;

namespace Granary.Serving.Sources.Urls;

/// <summary>Which URLs may be fetched: those that match one of the operator's expressions as a whole. Without any, none.</summary>
public sealed class UrlRules
{
    private readonly Regex[] _allowed;

    /// <param name="patterns">Regular expressions, matched without regard to case in time linear in the URL.</param>
    /// <exception cref="ArgumentException">One is not valid.</exception>
    public UrlRules(IEnumerable<string> patterns) => _allowed = [.. patterns.Select(Compile)];

    /// <summary>What is wrong with an expression; null when nothing is.</summary>
    public static string? Fault(string pattern)
    {
        try
        {
            Compile(pattern);
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return exception.Message;
        }
    }

    /// <summary>Whether a URL is allowed.</summary>
    public bool Allows(string url) => _allowed.Any(pattern => pattern.IsMatch(url));

    // What cannot run in linear time (look-arounds, back references) is not supported: a hostile URL must not keep a thread.
    private static Regex Compile(string pattern) =>
        new($@"\A(?:{pattern})\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline);
}

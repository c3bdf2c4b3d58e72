using Granary.Serving;

namespace Granary.Api.OpenInference;

/// <summary>
/// What is logged, in the protocol's words. The configuration decides it (<c>Logging</c>), so clients read it and cannot change it.
/// Source: Triton, <c>docs/protocol/extension_logging.md</c>.
/// </summary>
internal sealed class V2LogSettings(ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger("Granary");

    /// <summary>Every setting: a text, a truth or a level as <see cref="uint"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Read() =>
    [
        new("log_file", ""),
        new("log_info", _logger.IsEnabled(LogLevel.Information)),
        new("log_warning", _logger.IsEnabled(LogLevel.Warning)),
        new("log_error", _logger.IsEnabled(LogLevel.Error)),
        new("log_verbose_level", _logger.IsEnabled(LogLevel.Trace) ? 2u : _logger.IsEnabled(LogLevel.Debug) ? 1u : 0u),
        new("log_format", "default"),
    ];

    /// <summary>Accepts a wish that is fulfilled already.</summary>
    /// <exception cref="ServingException">No such setting, a value of another type, or one that would change something.</exception>
    public static void Require(string name, object? asked, IReadOnlyList<KeyValuePair<string, object>> current)
    {
        foreach (var (known, value) in current)
        {
            if (known != name)
                continue;
            if (asked is not null && asked.GetType() != value.GetType())
                throw V2Errors.Invalid($"invalid value type for '{name}' log setting, expected {TypeOf(value)}");
            if (asked is null || asked.Equals(value))
                return;
            throw new ServingException(ServingError.Unsupported, $"'{name}' is {Text(value)} and cannot be changed by clients; the server's configuration sets it under 'Logging'");
        }

        throw V2Errors.Invalid($"log setting '{name}' is not known; known are {string.Join(", ", current.Select(static setting => setting.Key))}");
    }

    private static string TypeOf(object value) => value switch
    {
        bool => "a boolean",
        uint => "a whole number",
        _ => "a text",
    };

    private static string Text(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        uint level => level.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => $"'{value}'",
    };
}

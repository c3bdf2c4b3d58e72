using System.Text.Json;
using Microsoft.Extensions.Logging.Console;

namespace Granary.Hosting.Telemetry;

/// <summary>
/// Logs on the console: JSON, one object a line, when something collects them; plain lines when a person watches.
/// <c>Logging:Console:FormatterName</c> (<c>json</c>, <c>simple</c>, <c>systemd</c>) overrides that, and <c>Logging:LogLevel</c>
/// works as everywhere in .NET.
/// </summary>
internal static class ConsoleLogs
{
    private const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>Replaces whatever the host set up.</summary>
    /// <param name="logging">The logging of the host.</param>
    /// <param name="configuration">Where the overrides are.</param>
    /// <param name="interactive">Whether a person watches.</param>
    public static void Configure(ILoggingBuilder logging, IConfiguration configuration, bool interactive)
    {
        logging.ClearProviders();
        logging.AddConsole();
        // Set rather than filled in: the slim host builder has chosen the simple formatter already.
        var formatter = configuration["Logging:Console:FormatterName"] ?? (interactive ? ConsoleFormatterNames.Simple : ConsoleFormatterNames.Json);
        logging.Services.PostConfigure<ConsoleLoggerOptions>(options => options.FormatterName = formatter);
        logging.Services.Configure<JsonConsoleFormatterOptions>(options =>
        {
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            options.JsonWriterOptions = new JsonWriterOptions { Indented = false };
        });
        logging.Services.Configure<SimpleConsoleFormatterOptions>(options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss ";
        });
        Quieten(logging, configuration, "Microsoft.AspNetCore", LogLevel.Warning);
        // With this category off, ASP.NET starts neither a log scope nor an activity for every request.
        Quieten(logging, configuration, Requests, LogLevel.None);
    }

    // What the operator configured comes first.
    private static void Quieten(ILoggingBuilder logging, IConfiguration configuration, string category, LogLevel level)
    {
        if (configuration[$"Logging:LogLevel:{category}"] is null)
            logging.AddFilter(category, level);
    }
}

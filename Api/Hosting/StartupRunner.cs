using System.Net.Sockets;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;
using Microsoft.Extensions.Options;

namespace Granary.Api.Hosting;

/// <summary>Runs the service and turns what can go wrong at start into readable lines and an exit code.</summary>
internal static partial class StartupRunner
{
    private const int Failed = 1;
    private const int BadConfiguration = 2;

    /// <summary>Runs until stopped.</summary>
    /// <returns>0 after a regular stop, 1 when the server cannot start or its models cannot be loaded, 2 when what it is asked for is wrong.</returns>
    public static async Task<int> RunAsync(string[] arguments, Func<StartupOptions, WebApplication> build)
    {
        var startup = StartupOptions.Read(arguments, StartupOptions.ProcessVariables());
        if (startup.HelpWanted)
        {
            await Console.Out.WriteAsync(CommandLineOptions.Help());
            return 0;
        }

        if (startup.Errors.Count > 0)
            return await RefuseAsync(startup.Errors);
        try
        {
            await using var app = build(startup);
            foreach (var warning in startup.Warnings)
                LogWarning(app.Logger, warning);
            await app.StartAsync();
            await app.WaitForShutdownAsync();
            // A model of a repository that could not be loaded may have ended the server; the log says which.
            return app.Services.GetService<IModelRepository>()?.StartFailure is null ? 0 : Failed;
        }
        catch (OptionsValidationException exception)
        {
            return await RefuseAsync(exception.Failures);
        }
        catch (AggregateException exception) when (exception.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            return await RefuseAsync(exception.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures));
        }
        catch (InvalidOperationException exception) when (exception.InnerException is FormatException or OverflowException)
        {
            // A value of the configuration has the wrong type; the message names the key.
            return await RefuseAsync([exception.Message]);
        }
        catch (Exception exception) when (exception is IOException or ServingException)
        {
            // The port is taken, the host of --bind is unknown, the catalog cannot be read.
            await Console.Error.WriteLineAsync($"granary: {exception.Message}");
            return Failed;
        }
        catch (SocketException exception)
        {
            // The address is not one of this machine, or the port needs rights that this process lacks.
            await Console.Error.WriteLineAsync($"granary: cannot listen on an address of --bind or of another port option: {exception.Message}");
            return Failed;
        }
    }

    private static async Task<int> RefuseAsync(IEnumerable<string> errors)
    {
        await Console.Error.WriteLineAsync("granary: cannot start:");
        foreach (var error in errors)
            await Console.Error.WriteLineAsync($"  - {error}");
        return BadConfiguration;
    }

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);
}

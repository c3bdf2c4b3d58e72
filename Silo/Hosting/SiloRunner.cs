using Granary.Serving;
using Granary.Torch;
using Microsoft.Extensions.Options;

namespace Granary.Silo.Hosting;

/// <summary>Runs the silo; a wrong configuration is told in plain lines, not as a crash.</summary>
internal static class SiloRunner
{
    private const int WrongConfiguration = 2;

    /// <summary>Builds and runs until told to stop.</summary>
    /// <returns>The exit code: 0, or 2 for a configuration that cannot work.</returns>
    public static async Task<int> RunAsync(string[] arguments, Func<string[], WebApplication> build)
    {
        try
        {
            await using var app = build(arguments);
            await app.RunAsync();
            return 0;
        }
        catch (OptionsValidationException error)
        {
            foreach (var fault in error.Failures)
                await Console.Error.WriteLineAsync($"granary-silo: {fault}");
            return WrongConfiguration;
        }
        catch (Exception error) when (error is ServingException or TorchException)
        {
            await Console.Error.WriteLineAsync($"granary-silo: {error.Message}");
            return WrongConfiguration;
        }
    }
}

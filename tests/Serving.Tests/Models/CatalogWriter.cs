using Granary.Serving.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Models;

/// <summary>The victim: registers versions without end and prints each one after it was acknowledged.</summary>
internal static class CatalogWriter
{
    public static async Task RunAsync(string directory, int first)
    {
        var options = Options.Create(new CatalogOptions { Directory = directory });
        using var catalog = new FileModelCatalog(options, NullLogger<FileModelCatalog>.Instance);
        for (var version = first; ; version++)
        {
            await catalog.RegisterAsync(Definitions.Full with { Name = "m", Version = $"{version}" }, makeDefault: true);
            Console.Out.Write($"{version}\n");
            Console.Out.Flush();
        }
    }
}

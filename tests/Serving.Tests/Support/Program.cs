using Granary.Serving.Tests.Activations;
using Granary.Serving.Tests.Models;
using Granary.Serving.Tests.Weights;

namespace Granary.Serving.Tests.Support;

/// <summary>What this assembly does as a process of its own: victims of the kill -9 tests, hosts with other thread settings; <c>dotnet test</c> does not come here.</summary>
internal static class Program
{
    public static Task Main(string[] args) => args switch
    {
        ["catalog-writer", var directory, var first] => CatalogWriter.RunAsync(directory, int.Parse(first, null)),
        ["downloader", var directory, var endpoint, var id] => DownloadVictim.RunAsync(directory, endpoint, id),
        ["determinism", var deterministic, var optimize, var threads] => DeterministicHost.PrintAsync(bool.Parse(deterministic), bool.Parse(optimize), int.Parse(threads, null)),
        _ => throw new ArgumentException("unknown role: " + string.Join(' ', args)),
    };
}

using Granary.Serving.Tests.Models;
using Granary.Serving.Tests.Weights;

namespace Granary.Serving.Tests.Support;

/// <summary>What a victim of the kill -9 tests does; <c>dotnet test</c> does not come here.</summary>
internal static class Program
{
    public static Task Main(string[] args) => args switch
    {
        ["catalog-writer", var directory, var first] => CatalogWriter.RunAsync(directory, int.Parse(first, null)),
        ["downloader", var directory, var endpoint, var id] => DownloadVictim.RunAsync(directory, endpoint, id),
        _ => throw new ArgumentException("unknown role: " + string.Join(' ', args)),
    };
}

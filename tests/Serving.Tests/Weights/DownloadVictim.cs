using System.Globalization;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;

namespace Granary.Serving.Tests.Weights;

/// <summary>The victim: downloads one file and prints how many bytes of it are on the disk.</summary>
internal static class DownloadVictim
{
    public static async Task RunAsync(string directory, string endpoint, string id)
    {
        var log = new LineLogger<WeightsStore>(static line =>
        {
            var words = line.Split(' ');
            if (words is [_, "downloading", _, var position, "of", ..])
                Print(long.Parse(position, CultureInfo.InvariantCulture));
        });
        var options = new WeightsStoreOptions { Directory = directory, MinFreeBytes = 0, ProgressInterval = TimeSpan.FromTicks(1) };
        var store = StoreFixture.Create(options, new HuggingFaceOptions { Endpoint = endpoint }, TimeProvider.System, log);
        using var lease = await store.AcquireAsync(ModelIdParser.Parse(id), default);
        Print(lease.Length);
    }

    private static void Print(long bytes)
    {
        Console.Out.Write($"{bytes}\n");
        Console.Out.Flush();
    }
}

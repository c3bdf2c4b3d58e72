using Granary.Serving.Weights;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Support;

internal static class Scratch
{
    /// <summary>Scratch files below a directory, whatever is free on its disk.</summary>
    public static ScratchFiles Of(string directory, long maxStoreBytes = 0, long minFreeBytes = 0) =>
        new(Options.Create(new WeightsStoreOptions { Directory = directory, MaxStoreBytes = maxStoreBytes, MinFreeBytes = minFreeBytes }));
}

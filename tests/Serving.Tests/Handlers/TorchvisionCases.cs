using System.Runtime.InteropServices;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Handlers;

/// <summary>Images and what torchvision makes of them; made once.</summary>
public sealed class TorchvisionCases : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-tensors-");

    public TorchvisionCases()
    {
        DebianPython.Run(Path.Combine(AppContext.BaseDirectory, "Handlers", "make_tensors.py"), _folder.FullName);
        All = [.. File.ReadAllLines(Path.Combine(_folder.FullName, "cases.txt")).Select(static line => line.Split(';')).Select(words => new Case(
            words[0],
            words[1],
            [.. words[2].Split(',').Select(long.Parse)],
            File.ReadAllBytes(Path.Combine(_folder.FullName, words[0] + ".img")),
            MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(_folder.FullName, words[0] + ".bin"))).ToArray()))];
    }

    public IReadOnlyList<Case> All { get; }

    public Case this[string name] => All.Single(candidate => candidate.Name == name);

    public void Dispose() => _folder.Delete(true);

    public sealed record Case(string Name, string Parameters, long[] Shape, byte[] File, float[] Expected);
}

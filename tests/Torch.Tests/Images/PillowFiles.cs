using System.Diagnostics;

namespace Granary.Torch.Tests.Images;

/// <summary>Images that Pillow wrote, with the pixels that it reads from them; made once.</summary>
public sealed class PillowFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-images-");

    public PillowFiles()
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Images", "make_images.py"), _folder.FullName]) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"make_images.py failed; apt install python3-pil python3-numpy (./test does): {errors}");
    }

    public IEnumerable<string> Names => _folder.EnumerateFiles("*.img").Select(static file => Path.GetFileNameWithoutExtension(file.Name)).Order(StringComparer.Ordinal);

    public byte[] Read(string file) => File.ReadAllBytes(Path.Combine(_folder.FullName, file));

    public string[] Lines(string file) => File.ReadAllLines(Path.Combine(_folder.FullName, file));

    public void Dispose() => _folder.Delete(true);
}

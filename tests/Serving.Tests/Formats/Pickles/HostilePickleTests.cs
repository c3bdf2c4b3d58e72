using System.Diagnostics;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Formats;
using Granary.Serving.Formats.Pickles;
using Granary.Serving.Tests.Support;
using Granary.Torch;
using Xunit.Abstractions;

namespace Granary.Serving.Tests.Formats.Pickles;

[Collection(nameof(LiveObjectTests))]
public sealed class HostilePickleTests(ITestOutputHelper output) : IDisposable
{
    private const long MaxBytes = 64 << 20;
    private readonly TempDirectory _directory = new();

    private string FilePath => Path.Combine(_directory.Path, "model.torch");

    [Fact]
    public void Read_EveryHostileFile_RefusedWithoutRunningAnythingAndWithinBounds()
    {
        var marker = Path.Combine(_directory.Path, "executed");
        TorchRuntime.Initialize();
        var failures = new List<string>();
        foreach (var (name, file, message) in HostilePickles.All(marker))
        {
            File.WriteAllBytes(FilePath, file);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var error = Try();
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{BestOfThree().TotalMilliseconds,8:F1} ms {bytes / 1e6,6:F1} MB  {name}: {error?.Message}"));
            if (error is null || !error.Message.Contains(message, StringComparison.Ordinal) || !error.Message.StartsWith("'m' ", StringComparison.Ordinal))
                failures.Add($"{name}: {error?.Message ?? "was read"}");
            if (error is not null && error.Error is not (ServingError.Unsupported or ServingError.SourceFailed))
                failures.Add($"{name}: {error.Error}");
            if (bytes > MaxBytes)
                failures.Add($"{name}: took {bytes} bytes");
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.False(File.Exists(marker));
        Assert.Equal(0, TorchRuntime.LiveObjects.Storages);
    }

    [Fact]
    public void Read_BillionLaughsInNinetyLevels_CostsNoMoreThanItsFile()
    {
        var laughs = new PickleWriter().Linear(attributes: more =>
        {
            more.Text("lol").Op("]").Raw(0x94);
            for (byte i = 0; i < 90; i++)
                more.Op("0](").Repeat(10, (byte)'h', i).Op("e").Raw(0x94);
        });
        File.WriteAllBytes(FilePath, laughs.File());
        using var module = PickledModelTests.Build(FilePath);
        Assert.Equal(80, module.ParameterBytes);
    }

    [Fact]
    public void Read_ModulesThatShareModules_RefusedBeforeTheyGrow()
    {
        var pickle = new PickleWriter().Module("torch.nn.modules.activation", "ReLU").Raw(0x94);
        for (byte i = 0; i < 60; i++)
        {
            var below = i;
            pickle.Op("0").Module("torch.nn.modules.container", "Sequential", modules: more => more.Text("0").Op("h").Raw(below).Text("1").Op("h").Raw(below)).Raw(0x94);
        }

        File.WriteAllBytes(FilePath, pickle.File());
        Assert.Contains("in more than 100000 places", Assert.Throws<TorchException>(() => PickledModelTests.Build(FilePath)).Message);
    }

    [Fact]
    public void Read_TruncatedAtEveryByte_AlwaysAServingException()
    {
        foreach (var whole in new[] { new PickleWriter().Linear().File(), Legacy() })
        {
            for (var length = 0; length < whole.Length; length++)
            {
                File.WriteAllBytes(FilePath, whole[..length]);
                var error = Try();
                Assert.NotNull(error);
                Assert.StartsWith("'m' ", error.Message);
            }

            File.WriteAllBytes(FilePath, whole);
            Assert.Null(Try());
        }
    }

    [Fact]
    public void Read_AnyBytesChanged_ReadOrRefused()
    {
        var seeds = new[] { new PickleWriter().Linear().File(), Legacy() };
        var changes = from seed in Gen.Elements(seeds)
                      from places in Gen.Choose(0, seed.Length - 1).ListOf(4)
                      from value in Gen.Choose(0, 255)
                      select (seed, places, value);
        Prop.ForAll(changes.ToArbitrary(), change =>
        {
            var copy = change.seed.ToArray();
            foreach (var place in change.places)
                copy[place] = (byte)change.value;
            File.WriteAllBytes(FilePath, copy);
            // Anything but a ServingException fails the test.
            Try();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void Read_OldFormatThatLies_Refused()
    {
        Assert.Contains("a version of its old format that is not read", Refusal(Legacy(version: 1000)));
        Assert.Contains("was written on a big-endian machine", Refusal(Legacy(littleEndian: 0x89)));
        Assert.Contains("it ends before its storage '0' does", Refusal(Legacy(count: 1L << 60)));
        Assert.Contains("it ends before its storage '0' does", Refusal(Legacy(count: -1)));
        Assert.Contains("its storage '0' has 7 elements, but its pickle claims 8", Refusal(Legacy(count: 7)));
        Assert.Contains("it has two storages '0'", Refusal(Legacy(keys: ["0", "0"])));
        Assert.Contains("it has a storage that its pickle does not know", Refusal(Legacy(keys: ["0", "x"])));
        Assert.Contains("it has no storage '1'", Refusal(Legacy(keys: ["0"])));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>The same linear layer in the format from before PyTorch 1.6.</summary>
    private static byte[] Legacy(long version = 1001, byte littleEndian = 0x88, long count = 8, string[]? keys = null)
    {
        var stream = new MemoryStream();
        stream.Write([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.']);
        stream.Write(new PickleWriter().Int(version).Op(".").Bytes);
        stream.Write(new PickleWriter().Op("}").Text("little_endian").Raw(littleEndian).Op("s.").Bytes);
        stream.Write(new PickleWriter().Linear().Op(".").Bytes);
        var list = new PickleWriter().Op("](");
        foreach (var key in keys ?? ["0", "1"])
            list.Text(key);
        stream.Write(list.Op("e.").Bytes);
        stream.Write(BitConverter.GetBytes(count));
        stream.Write(new byte[(int)Math.Clamp(count, 0, 8) * 8]);
        stream.Write(BitConverter.GetBytes(2L));
        stream.Write(new byte[16]);
        return stream.ToArray();
    }

    private string Refusal(byte[] file)
    {
        File.WriteAllBytes(FilePath, file);
        return Try()?.Message ?? "it was read";
    }

    private TimeSpan BestOfThree() => Enumerable.Range(0, 3).Min(_ =>
    {
        var started = Stopwatch.GetTimestamp();
        Try();
        return Stopwatch.GetElapsedTime(started);
    });

    /// <summary>What the loader does up to libtorch.</summary>
    private ServingException? Try()
    {
        try
        {
            var archive = ArchiveSniffer.Sniff(FilePath);
            if (archive.Kind is not (ArchiveKind.PickledModule or ArchiveKind.LegacyTorch or ArchiveKind.StateDict or ArchiveKind.PickledValue))
                throw FormatErrors.Of(archive, "m");
            PickledModelReader.Read(FilePath, archive.Kind, "m").Dispose();
            return null;
        }
        catch (ServingException error)
        {
            return error;
        }
    }
}

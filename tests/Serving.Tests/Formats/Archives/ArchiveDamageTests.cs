using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Archives;

/// <summary>Archives that were cut or changed on their way: refused with a sentence or read, never anything else.</summary>
public sealed class ArchiveDamageTests : IDisposable
{
    private static readonly ModelId Source = ModelIdParser.Parse("local/m.mar");
    private readonly TempDirectory _directory = new();

    private static byte[] Zip => new ZipForge()
        .Add("model.pt", Encoding.ASCII.GetBytes("weights, weights, weights, weights"), deflate: true)
        .Add("index_to_name.json", """{"0":"cat"}"""u8.ToArray())
        .Add("model-config.yaml", "minWorkers: 2\n"u8.ToArray(), deflate: true)
        .Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(Manifest), deflate: true).ToArray();

    private static byte[] Tar => new TarForge()
        .Add("m/model.pt", Encoding.ASCII.GetBytes("weights"))
        .Add("m/index_to_name.json", """{"0":"cat"}"""u8.ToArray())
        .Add("m/model-config.yaml", "minWorkers: 2\n"u8.ToArray())
        .Add("m/MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(Manifest)).ToArray();

    private const string Manifest = """{"runtime":"python","model":{"modelName":"m","serializedFile":"model.pt","handler":"image_classifier","modelVersion":"1.0","configFile":"model-config.yaml"}}""";

    [Fact]
    public void Open_EveryTruncationOfAZip_IsRefused()
    {
        var bytes = Zip;
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(TryUse(bytes[..length]), $"cut to {length} of {bytes.Length} bytes");
        Assert.True(TryUse(bytes));
    }

    [Fact]
    public void Open_EveryTruncationOfATar_IsRefused()
    {
        var bytes = Tar;
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(TryUse(bytes[..length]), $"cut to {length} of {bytes.Length} bytes");
        Assert.True(TryUse(bytes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_AnyChangedBytes_ReadsOrRefuses(bool zip)
    {
        var original = zip ? Zip : Tar;
        var changes = Gen.Choose(0, original.Length - 1).Zip(Gen.Choose(0, 255)).NonEmptyListOf();
        Prop.ForAll(changes.ToArbitrary(), list =>
        {
            var bytes = original.ToArray();
            foreach (var (place, value) in list.Take(6))
                bytes[place] = (byte)value;
            TryUse(bytes);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Open_EverySingleByteOfADirectoryTurned_ReadsOrRefuses()
    {
        var bytes = Zip;
        for (var place = 0; place < bytes.Length; place++)
        {
            foreach (var mask in (byte[])[0xff, 0x01, 0x80])
            {
                bytes[place] ^= mask;
                TryUse(bytes);
                bytes[place] ^= mask;
            }
        }
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Whether everything can be read; false for a refusal. Anything else is a defect.</summary>
    private bool TryUse(byte[] bytes)
    {
        var path = Path.Combine(_directory.Path, "m.mar");
        File.WriteAllBytes(path, bytes);
        try
        {
            using var archive = ModelArchive.Open(path, "m.mar");
            ArchiveDefinitions.Describe(archive, Source, new ArchiveOverrides());
            foreach (var file in archive.Files)
                archive.Extract(file.Name, Stream.Null);
            return true;
        }
        catch (ServingException error)
        {
            Assert.Contains(error.Error, new[] { ServingError.SourceFailed, ServingError.InvalidArgument, ServingError.Unsupported, ServingError.TooLarge });
            Assert.DoesNotContain(_directory.Path, error.Message);
            return false;
        }
    }
}

using System.Buffers.Binary;
using System.IO.Compression;
using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Formats;

namespace Granary.Serving.Tests.Formats;

public sealed class ArchiveSnifferTests
{
    private static readonly byte[] Nothing = [];

    private static SniffedArchive Sniff(byte[] content) => ArchiveSniffer.Sniff(new MemoryStream(content));

    [Fact]
    public void Sniff_TorchScript_IsIt() => Assert.Equal(
        new SniffedArchive(ArchiveKind.TorchScript),
        ArchiveSniffer.Sniff(TorchFiles.Zip(("net/data.pkl", TorchFiles.ModulePickle), ("net/code/__torch__.py", Nothing), ("net/constants.pkl", Nothing), ("net/version", Nothing))));

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Fastest)]
    public void Sniff_TorchSave_TellsModuleFromWeights(CompressionLevel level)
    {
        SniffedArchive Of(byte[] pickle) => ArchiveSniffer.Sniff(TorchFiles.Zip(level, ("archive/data.pkl", pickle), ("archive/data/0", new byte[8])));

        Assert.Equal(new SniffedArchive(ArchiveKind.PickledModule, "__main__.Net"), Of(TorchFiles.ModulePickle));
        Assert.Equal(new SniffedArchive(ArchiveKind.PickledModule, "torch.nn.modules.x.Linear"), Of(TorchFiles.ModulePickle4));
        Assert.Equal(new SniffedArchive(ArchiveKind.StateDict), Of(TorchFiles.StateDictPickle));
        Assert.Equal(new SniffedArchive(ArchiveKind.StateDict), Of(TorchFiles.StateDictPickle4));
        Assert.Equal(new SniffedArchive(ArchiveKind.PickledValue), Of(TorchFiles.TensorPickle));
    }

    [Fact]
    public void Sniff_OtherZips_AreNamed()
    {
        Assert.Equal(ArchiveKind.ModelArchive, ArchiveSniffer.Sniff(TorchFiles.Zip(("MAR-INF/MANIFEST.json", Nothing), ("model.pt", Nothing))).Kind);
        Assert.Equal(ArchiveKind.OtherZip, ArchiveSniffer.Sniff(TorchFiles.Zip(("word/document.xml", Nothing))).Kind);
        Assert.Equal(ArchiveKind.OtherZip, ArchiveSniffer.Sniff(TorchFiles.Zip()).Kind);
    }

    [Fact]
    public void Sniff_Starts_AreNamed()
    {
        var safetensors = new byte[40];
        BinaryPrimitives.WriteUInt64LittleEndian(safetensors, 20);
        safetensors[8] = (byte)'{';
        Assert.Equal(ArchiveKind.Safetensors, Sniff(safetensors).Kind);
        Assert.Equal(ArchiveKind.Empty, Sniff([]).Kind);
        Assert.Equal(ArchiveKind.LegacyTorch, Sniff(TorchFiles.Bytes("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.\u0080\u0002M\u00e9\u0003.")).Kind);
        Assert.Equal(new SniffedArchive(ArchiveKind.RawPickle, "__main__.Net"), Sniff(TorchFiles.ModulePickle));
        Assert.Equal(new SniffedArchive(ArchiveKind.RawPickle), Sniff(TorchFiles.StateDictPickle));
        Assert.Equal(ArchiveKind.Onnx, Sniff([0x08, 0x07, 0x12, 0x07, (byte)'p', (byte)'y']).Kind);
        Assert.Equal(ArchiveKind.Hdf5, Sniff(TorchFiles.Bytes("\u0089HDF\r\n\u001a\n\0\0")).Kind);
        Assert.Equal(ArchiveKind.Gguf, Sniff(TorchFiles.Bytes("GGUF\u0003\0\0\0")).Kind);
        Assert.Equal(ArchiveKind.Gzip, Sniff([0x1f, 0x8b, 8, 0, 0]).Kind);
        Assert.Equal(ArchiveKind.Html, Sniff(TorchFiles.Bytes("\n  <!DOCTYPE html><html>")).Kind);
        Assert.Equal(ArchiveKind.Json, Sniff(TorchFiles.Bytes("{\"error\":\"Repository not found\"}")).Kind);
        Assert.Equal(ArchiveKind.GitLfsPointer, Sniff(TorchFiles.Bytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")).Kind);
        Assert.Equal(ArchiveKind.Unknown, Sniff(TorchFiles.Bytes("hello")).Kind);
        Assert.Equal(ArchiveKind.Unknown, Sniff([0x80]).Kind);
    }

    [Fact]
    public void Sniff_EveryTruncation_IsDamaged()
    {
        var whole = TorchFiles.Zip(("net/data.pkl", TorchFiles.ModulePickle), ("net/code/__torch__.py", Nothing), ("net/constants.pkl", Nothing)).ToArray();

        for (var length = 4; length < whole.Length; length++)
            Assert.Equal(ArchiveKind.DamagedZip, Sniff(whole[..length]).Kind);
    }

    [Fact]
    public void Sniff_DirectoryThatLies_IsDamaged()
    {
        var whole = TorchFiles.Zip(("net/data.pkl", TorchFiles.ModulePickle)).ToArray();
        SniffedArchive With(int fromEnd, uint value)
        {
            var copy = whole.ToArray();
            BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(copy.Length - fromEnd), value);
            return Sniff(copy);
        }

        // The end record: number of members, length and place of the directory.
        Assert.Equal(ArchiveKind.DamagedZip, With(12, 0xfffffff0).Kind);
        Assert.Equal("its directory lies outside the file", With(6, 0x7fffffff).Detail);
        Assert.Equal("its directory claims 65535 members in only 58 bytes", With(14, 0xffffffff).Detail);
        Assert.Equal(ArchiveKind.DamagedZip, With(6, 1).Kind);
    }

    [Fact]
    public void Sniff_Zip64_IsRead()
    {
        var whole = TorchFiles.Zip(("net/constants.pkl", Nothing), ("net/code/a.py", Nothing)).ToArray();
        var end = whole.Length - 22;
        var record = new byte[56 + 20];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064b50);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(4), 44);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(24), 2);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(32), 2);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(40), BinaryPrimitives.ReadUInt32LittleEndian(whole.AsSpan(end + 12)));
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(48), BinaryPrimitives.ReadUInt32LittleEndian(whole.AsSpan(end + 16)));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(56), 0x07064b50);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(64), end);
        whole.AsSpan(end + 8, 12).Fill(0xff);
        byte[] wide = [.. whole[..end], .. record, .. whole[end..]];

        Assert.Equal(ArchiveKind.TorchScript, Sniff(wide).Kind);
        BinaryPrimitives.WriteInt64LittleEndian(wide.AsSpan(end + 32), 2_000_000);
        Assert.Equal(ArchiveKind.DamagedZip, Sniff(wide).Kind);
        BinaryPrimitives.WriteInt64LittleEndian(wide.AsSpan(end + 64), long.MaxValue);
        Assert.Equal("a record lies outside the file", Sniff(wide).Detail);
    }

    [Fact]
    public void Sniff_AnyBytesFlipped_NeverThrows()
    {
        var seeds = new[]
        {
            TorchFiles.Zip(("net/data.pkl", TorchFiles.ModulePickle), ("net/code/__torch__.py", Nothing), ("net/constants.pkl", Nothing)).ToArray(),
            TorchFiles.Zip(CompressionLevel.Fastest, ("archive/data.pkl", TorchFiles.StateDictPickle)).ToArray(),
            TorchFiles.ModulePickle4,
        };
        var flips = from seed in Gen.Elements(seeds)
                    from places in Gen.Choose(0, seed.Length - 1).Two().Four().Resize(10)
                    from value in Gen.Choose(0, 255)
                    select (seed, places, value);
        Prop.ForAll(flips.ToArbitrary(), flip =>
        {
            var copy = flip.seed.ToArray();
            var (a, b, c, d) = flip.places;
            foreach (var place in new[] { a.Item1, a.Item2, b.Item1, c.Item1, d.Item2 })
                copy[place] = (byte)flip.value;
            Assert.True(Enum.IsDefined(Sniff(copy).Kind));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Of_EveryKind_SaysWhatItIsAndWhatToDo()
    {
        var messages = Enum.GetValues<ArchiveKind>().Where(kind => kind != ArchiveKind.TorchScript)
            .Select(kind => FormatErrors.Of(new SniffedArchive(kind, "the detail"), "local/a.pt")).ToArray();

        Assert.Equal(messages.Length, messages.Select(error => error.Message).Distinct().Count());
        Assert.All(messages, error => Assert.StartsWith("'local/a.pt' ", error.Message));
        Assert.All(messages, error => Assert.True(error.Error is ServingError.Unsupported or ServingError.SourceFailed));
        Assert.Equal(
            "'local/a.pt' is a pickled Python module (class __main__.Net) of a class that is not known here, and pickles are never executed; convert it in Python with torch.jit.script(model).save('model.pt') and serve that file",
            FormatErrors.Of(new SniffedArchive(ArchiveKind.PickledModule, "__main__.Net"), "local/a.pt").Message);
    }
}

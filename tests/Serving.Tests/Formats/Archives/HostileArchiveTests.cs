using System.Text;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Archives;

/// <summary>Each of these archives gets past a naive reader; here each is refused with a sentence, before anything of it is used.</summary>
public sealed class HostileArchiveTests : IDisposable
{
    private static readonly byte[] Content = [1, 2, 3];
    private readonly TempDirectory _directory = new();

    public static TheoryData<string, string> Names => new()
    {
        { "../../etc/cron.d/x", "the path '../../etc/cron.d/x' holds '..'" },
        { "a/../../x", "the path 'a/../../x' holds '..'" },
        { "./x", "the path './x' holds '.'" },
        { "/etc/passwd", "the path '/etc/passwd' is absolute" },
        { "..\\..\\x", "the path '..\\..\\x' holds a backslash" },
        { "C:/Windows/x", "the path 'C:/Windows/x' begins with a drive letter" },
        { "c:x", "the path 'c:x' begins with a drive letter" },
        { "a//x", "the path 'a//x' has an empty segment" },
        { "a\u0000.pt", "the path 'a\\u0000.pt' holds the character U+0000" },
        { "a\n", "the path 'a\\u000a' holds the character U+000A" },
        { "evil\u202etp.lp", "the path 'evil\\u202etp.lp' holds the character U+202E" },
        { "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", "the path 'a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q' is deeper than 16 directories" },
        { new string('x', 513), "it has a path of 513 bytes; at most 512 are allowed" },
        { "model.pt", "the path 'model.pt' is there twice" },
        { "model.pt/x", "the path 'model.pt' is there twice" },
        { "MAR-INF", "the path 'MAR-INF' is there twice" },
        { "", "the path '' has an empty segment" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Zip_PathsThatLeadElsewhere_Refused(string name, string why) => AssertRefused(ZipForge.With(zip => zip.Add(name, Content)), why);

    [Theory]
    [MemberData(nameof(Names))]
    public void Tar_PathsThatLeadElsewhere_Refused(string name, string why)
    {
        if (name.Length == 0 || name.Contains('\0'))
            return; // A field of a tar file ends at a zero byte, so neither can be written.
        // Names of any length and content; everything is below m/, as the archiver does it, except what wants to be elsewhere.
        var inside = name is "model.pt" or "model.pt/x" or "MAR-INF";
        var path = inside ? "m/" + name : name;
        var bytes = TarForge.With(tar => tar.Add("././@LongLink", Encoding.UTF8.GetBytes(path + "\0"), 'L').Add("short", Content));
        if (name == "./x")
            return; // What tar writes for everything in a directory: AssertedElsewhere by ModelArchiveTests.
        AssertRefused(bytes, inside ? why.Replace("'", "'m/").Replace("m/ is", " is") : why);
    }

    [Fact]
    public void Zip_SiblingWithTheSamePrefix_CannotBeNamed() =>
        AssertRefused(ZipForge.With(static zip => zip.Add("../models-evil/x", Content)), "the path '../models-evil/x' holds '..'");

    [Fact]
    public void Zip_NameThatIsNotUtf8_Refused() =>
        AssertRefused(ZipForge.With(static zip => zip.Add("", Content, lie: new() { Name = [0x61, 0xff, 0x62] })), "the path 'a\u00ffb' is not UTF-8");

    [Theory]
    [InlineData(0xA1FF0000u, 3, "'link' is a symbolic link")]
    [InlineData(0xA1FF0000u, 19, "'link' is a symbolic link")]
    [InlineData(0x21B60000u, 3, "'link' is a device, a pipe or a socket")]
    [InlineData(0x61B60000u, 3, "'link' is a device, a pipe or a socket")]
    [InlineData(0x11B60000u, 3, "'link' is a device, a pipe or a socket")]
    [InlineData(0xC1B60000u, 3, "'link' is a device, a pipe or a socket")]
    [InlineData(0x41ED0010u, 3, "'link' is a directory but does not end like one")]
    [InlineData(0x00000010u, 0, "'link' is a directory but does not end like one")]
    [InlineData(0x00000420u, 0, "'link' is a symbolic link")]
    public void Zip_LinksAndDevices_Refused(uint attributes, int system, string why) =>
        AssertRefused(ZipForge.With(zip => zip.Add("link", "/etc/passwd"u8.ToArray(), lie: new() { Attributes = attributes, System = system })), why);

    [Fact]
    public void Zip_Encrypted_Refused()
    {
        AssertRefused(ZipForge.With(static zip => zip.Add("x", Content, lie: new() { Flags = 1 })), "'x' is encrypted");
        AssertRefused(ZipForge.With(static zip => zip.Add("x", Content, lie: new() { Flags = 0x40 })), "'x' is encrypted");
        AssertRefused(ZipForge.With(static zip => zip.Add("x", Content, lie: new() { LocalFlags = 1 })), "'x' is encrypted");
    }

    [Fact]
    public void Zip_OtherPacking_Refused() =>
        AssertRefused(ZipForge.With(static zip => zip.Add("x", Content, lie: new() { Method = 12 })), "'x' is packed by method 12; only stored and deflated files are read");

    [Fact]
    public void Zip_TwoNamesForOneFile_Refused() =>
        AssertRefused(ZipForge.With(static zip => zip.Add("x", Content, lie: new() { LocalName = "y"u8.ToArray() })), "'x' is called 'y' where it begins");

    [Fact]
    public void Zip_OverlappingFiles_Refused() => AssertRefused(
        ZipForge.With(static zip =>
        {
            var start = zip.Position;
            zip.Add("x", Content);
            zip.Add("x", Content, lie: new() { Name = "x"u8.ToArray(), Offset = start });
        }),
        "the path 'x' is there twice");

    [Fact]
    public void Zip_QuotedOverlap_Refused()
    {
        // The first file's content is the second one's header and content: a bomb that quotes itself.
        var inner = new ZipForge().Add("b", Content).ToArray();
        var forge = new ZipForge().Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(ZipForge.Manifest));
        var start = forge.Position;
        forge.Add("a", inner).Add("b", Content, lie: new() { Offset = start + 31 });
        AssertRefused(forge.ToArray(), "'b' overlaps another file of the archive");
    }

    [Fact]
    public void Zip_DeflateBomb_RefusedByWhatItClaims() =>
        AssertRefused(ZipForge.With(static zip => zip.Add("x", new byte[72 << 20], deflate: true)), "it unpacks to more than 100 times its own", startsWith: true);

    [Fact]
    public void Zip_DeflateBombThatClaimsLittle_StopsWhereItShouldEnd()
    {
        var path = Write(ZipForge.With(static zip => zip.Add("x", new byte[8 << 20], deflate: true, lie: new() { Unpacked = 1000 })));
        using var archive = ModelArchive.Open(path, "evil.mar");
        var target = new Counted();

        var why = Raises.Serving(ServingError.SourceFailed, () => archive.Extract("x", target));

        Assert.Equal("'evil.mar' is refused: 'x' is longer than the 1,000 bytes that the directory says", why);
        Assert.InRange(target.Written, 0, 1000);
    }

    [Theory]
    [InlineData(3u, 4u, "'x' is stored, but its 3 bytes are said to become 4")]
    [InlineData(2u, 3u, "'x' is stored, but its 2 bytes are said to become 3")]
    public void Zip_StoredFileOfTwoLengths_Refused(uint packed, uint unpacked, string why) =>
        AssertRefused(ZipForge.With(zip => zip.Add("x", Content, lie: new() { Packed = packed, Unpacked = unpacked })), why);

    [Fact]
    public void Zip_WrongCheckSum_Refused()
    {
        var path = Write(ZipForge.With(static zip => zip.Add("x", Content, lie: new() { Checksum = 7 })));
        using var archive = ModelArchive.Open(path, "evil.mar");

        var why = Raises.Serving(ServingError.SourceFailed, () => archive.TryRead("x", 100));

        Assert.Equal("'evil.mar' is refused: 'x' does not have its check sum: it is damaged", why);
    }

    [Theory]
    [InlineData("0100 0800 FFFFFFFFFFFFFF7F", "it unpacks to more than 68,719,476,736 bytes")]
    [InlineData("0100 0800 FFFFFFFFFFFFFFFF", null)]
    [InlineData("0100 0400 FFFFFFFF", null)]
    [InlineData("", null)]
    public void Zip_Zip64Lies_Refused(string extra, string? why)
    {
        var bytes = ZipForge.With(zip => zip.Add("x", Content, deflate: true, lie: new() { Unpacked = uint.MaxValue, Extra = Convert.FromHexString(extra.Replace(" ", "")) }));
        if (why is not null)
            AssertRefused(bytes, why);
        else
            Assert.StartsWith("'evil.mar' is damaged: ", Raises.Serving(ServingError.SourceFailed, () => Open(bytes)));
    }

    [Fact]
    public void Zip_DirectoryThatLies_Refused()
    {
        var forge = new ZipForge().Add("MAR-INF/MANIFEST.json", Content);
        Assert.Equal("'evil.mar' is damaged: its directory claims 60000 members in only 67 bytes; it was probably cut off on its way: upload it again", Raises.Serving(ServingError.SourceFailed, () => Open(forge.ToArray(entries: 60_000))));
        Assert.Equal("'evil.mar' is damaged: its directory lies outside the file; it was probably cut off on its way: upload it again", Raises.Serving(ServingError.SourceFailed, () => Open(forge.ToArray(directoryOffset: 1_000_000))));
    }

    [Fact]
    public void Zip_TooManyEntries_Refused() => AssertRefused(
        ZipForge.With(static zip =>
        {
            for (var i = 0; i < 4095; i++)
                zip.Add($"f{i}", []);
        }),
        "it has more than 4,096 entries");

    [Theory]
    [InlineData('1', "'m/x' is a link")]
    [InlineData('2', "'m/x' is a link")]
    [InlineData('3', "'m/x' is a device or a pipe")]
    [InlineData('4', "'m/x' is a device or a pipe")]
    [InlineData('6', "'m/x' is a device or a pipe")]
    [InlineData('S', "'m/x' is a sparse file")]
    [InlineData('Z', "'m/x' is of the unknown type 'Z'")]
    public void Tar_LinksAndDevices_Refused(char type, string why) => AssertRefused(TarForge.With(tar => tar.Add("m/x", [], type, "/etc/passwd")), why);

    [Fact]
    public void Tar_PathInProperties_IsCheckedToo() =>
        AssertRefused(TarForge.With(static tar => tar.AddPax("path", "../../x").Add("m/x", Content)), "the path '../../x' holds '..'");

    [Theory]
    [InlineData("99999999999999999999 path=x\n")]
    [InlineData("5 path=x\n")]
    [InlineData("0 =\n")]
    [InlineData("no number\n")]
    [InlineData("11 size=-1\n")]
    public void Tar_DamagedProperties_Refused(string records) =>
        AssertRefused(TarForge.With(tar => tar.Add("PaxHeader", Encoding.ASCII.GetBytes(records), 'x').Add("m/x", Content)), "the properties in a header of the tar file are damaged");

    [Fact]
    public void Tar_LongProperties_RefusedBeforeTheyAreRead() => AssertRefused(
        TarForge.With(static tar => tar.Add("PaxHeader", [], 'x', size: 1L << 32)),
        "a header of the tar file has 4,294,967,296 bytes of properties; at most 65,536 are allowed");

    [Fact]
    public void Tar_WrongCheckSum_Refused() =>
        AssertRefused(TarForge.With(static tar => tar.Add("m/x", Content, wrongSum: true)), "a header of the tar file does not have its check sum: it is damaged");

    [Fact]
    public void Tar_SizeBeyondTheFile_Refused() =>
        AssertRefused(TarForge.With(static tar => tar.Add("m/x", Content, size: 1L << 32)), "the tar file is cut off");

    [Fact]
    public void Tar_WithoutItsEnd_Refused() => AssertRefused(new TarForge().Add("m/x", Content).ToArray(withEnd: false), "the tar file is cut off");

    [Fact]
    public void Tar_GzipBomb_StopsInTheMiddle()
    {
        var bytes = TarForge.With(static tar => tar.Add("m/x", new byte[72 << 20]));
        var before = GC.GetAllocatedBytesForCurrentThread();

        AssertRefused(bytes, $"it unpacks to more than 100 times its own {bytes.Length:N0} bytes, as no model does");

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Tar_OfSomethingElse_Refused() => AssertRefused(TarForge.Gzip(Encoding.ASCII.GetBytes(new string('x', 2000))), "a header of the tar file holds 'xxxxxxxx' where a number belongs");

    [Fact]
    public void Directory_LinkThatLeadsOut_Refused()
    {
        _directory.File("outside.txt");
        _directory.File("m/model.pt");
        _directory.File("m/MAR-INF/MANIFEST.json", ZipForge.Manifest);
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "m/vocab.txt"), "../outside.txt");

        var why = Raises.Serving(ServingError.SourceFailed, () => ModelArchive.Open(Path.Combine(_directory.Path, "m"), "evil.mar"));

        Assert.Equal("'evil.mar' is refused: 'vocab.txt' is a link that leads out of the directory, or nowhere", why);
    }

    [Theory]
    [InlineData("model.serializedFile of 'evil.mar': the path '../../x.pt' holds '..'", "serializedFile", "../../x.pt")]
    [InlineData("model.configFile of 'evil.mar': the path '/etc/passwd' is absolute", "configFile", "/etc/passwd")]
    [InlineData("model.modelFile of 'evil.mar': the path 'a\\b.py' holds a backslash", "modelFile", "a\\\\b.py")]
    public void Manifest_FilesElsewhere_Refused(string why, string field, string path)
    {
        var manifest = $$$"""{"runtime":"python","model":{"modelName":"m","modelVersion":"1.0","{{{field}}}":"{{{path}}}"}}""";
        var bytes = new ZipForge().Add("MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(manifest)).ToArray();

        Assert.Equal("The manifest file is not valid. " + why, Raises.Serving(ServingError.InvalidArgument, () => Open(bytes)));
    }

    public void Dispose()
    {
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(_directory.Path)!), static path => Path.GetFileName(path) is "x" or "models-evil");
        _directory.Dispose();
    }

    private void AssertRefused(byte[] archive, string why, bool startsWith = false)
    {
        var files = Directory.GetFileSystemEntries(_directory.Path).Length;
        var message = Raises.Serving(ServingError.SourceFailed, () => Open(archive));
        if (startsWith)
            Assert.StartsWith("'evil.mar' is refused: " + why, message);
        else
            Assert.Equal("'evil.mar' is refused: " + why, message);
        Assert.Equal(files + 1, Directory.GetFileSystemEntries(_directory.Path).Length);
    }

    private void Open(byte[] archive) => ModelArchive.Open(Write(archive), "evil.mar").Dispose();

    private string Write(byte[] archive)
    {
        var path = Path.Combine(_directory.Path, $"{Guid.NewGuid():N}.mar");
        File.WriteAllBytes(path, archive);
        return path;
    }

    private sealed class Counted : MemoryStream
    {
        public long Written => Length;
    }
}

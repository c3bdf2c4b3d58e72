using System.Buffers.Binary;

namespace Granary.Torch.Tests.Images;

public sealed class ImageFileTests(PillowFiles files) : IClassFixture<PillowFiles>
{
    [Fact]
    public void Decode_EveryKindOfFile_HasPillowsBytes()
    {
        var names = files.Names.ToList();
        Assert.Equal(4 * 22, names.Count);
        Assert.All(names, name =>
        {
            var file = files.Read(name + ".img");
            var header = ImageFile.ReadHeader(file);
            Assert.Equal(files.Lines(name + ".size")[0], $"{header.Width} {header.Height}");
            Assert.Equal(Enum.Parse<ImageFormat>(name.Split('_')[0], ignoreCase: true), header.Format);
            using var rgb = ImageFile.Decode(file, header);
            Assert.Equal(files.Read(name + ".rgb"), rgb.Bytes.ToArray());
            using var grey = ImageFile.Decode(file, header, grey: true);
            Assert.Equal(files.Read(name + ".grey"), grey.Bytes.ToArray());
        });
    }

    [Fact]
    public void Resize_PartsOfAnySize_HavePillowsBytes()
    {
        var lines = files.Lines("resize.txt");
        Assert.Equal(3 * 7 * 2, lines.Length);
        Assert.All(lines, line =>
        {
            var words = line.Split(' ');
            var sizes = words[2..8].Select(int.Parse).ToArray();
            var file = files.Read(words[0] + ".img");
            using var pixels = ImageFile.Decode(file, ImageFile.ReadHeader(file), grey: words[1] == "L");
            using var part = pixels.Resize(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]);
            Assert.Equal(files.Read(words[8]), part.Bytes.ToArray());
        });
    }

    [Fact]
    public void Decode_AnyPrefixOfAFile_FailsOrIsWhole()
    {
        foreach (var name in new[] { "png_rgb_32x32", "png_grey16_32x32", "jpeg_2_32x32", "jpeg_progressive_32x32", "webp_lossy_32x32", "webp_lossless_32x32" })
        {
            var file = files.Read(name + ".img");
            var whole = files.Read(name + ".rgb");
            for (var length = 0; length < file.Length; length++)
            {
                try
                {
                    using var pixels = ImageFile.Decode(file.AsSpan(0, length), ImageFile.ReadHeader(file.AsSpan(0, length)));
                    // What lies behind the last pixel may be missing, as with Pillow.
                    Assert.Equal(whole, pixels.Bytes.ToArray());
                    Assert.True(length > file.Length - 24, $"{name} was read from {length} of {file.Length} bytes");
                }
                catch (ImageException exception)
                {
                    Assert.True(exception.Failure is ImageFailure.Damaged or ImageFailure.Unsupported, $"{name}, {length} bytes: {exception.Message}");
                }
            }
        }

        Assert.Equal(0, ImageRuntime.LiveErrors);
    }

    [Fact]
    public void Decode_FilesWithBrokenBytes_NeverEndsTheProcess()
    {
        var random = new Random(20240607);
        var names = files.Names.Where(static name => !name.EndsWith("1x1", StringComparison.Ordinal)).ToList();
        var failed = 0;
        for (var i = 0; i < 4000; i++)
        {
            var file = files.Read(names[random.Next(names.Count)] + ".img");
            for (var flips = random.Next(1, 6); flips > 0; flips--)
                file[random.Next(8, file.Length)] = (byte)random.Next(256);
            try
            {
                var header = ImageFile.ReadHeader(file);
                if (header.Pixels < 1_000_000)
                    ImageFile.Decode(file, header).Dispose();
            }
            catch (ImageException exception)
            {
                Assert.NotEqual(ImageFailure.Internal, exception.Failure);
                failed++;
            }
        }

        Assert.InRange(failed, 1000, 3999);
        Assert.Equal(0, ImageRuntime.LiveErrors);
    }

    [Theory]
    [InlineData("", "the data is neither a PNG nor a JPEG nor a WebP")]
    [InlineData("GIF89a", "the data is neither a PNG nor a JPEG nor a WebP")]
    [InlineData("<html>not found</html>", "the data is neither a PNG nor a JPEG nor a WebP")]
    public void ReadHeader_NoImage_SaysWhatIsRead(string text, string message)
    {
        var error = Assert.Throws<ImageException>(() => ImageFile.ReadHeader(System.Text.Encoding.ASCII.GetBytes(text)));
        Assert.Equal((ImageFailure.Unsupported, message), (error.Failure, error.Message));
    }

    [Fact]
    public void ReadHeader_Animation_IsRefused()
    {
        var error = Assert.Throws<ImageException>(() => ImageFile.ReadHeader(files.Read("animated.webp")));
        Assert.Equal((ImageFailure.Unsupported, "the WebP is an animation; send one picture"), (error.Failure, error.Message));
    }

    [Fact]
    public void ReadHeader_ImageOfAGigapixel_CostsNoMemory()
    {
        var file = files.Read("png_rgb_32x32.img");
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), 40_000);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), 30_000);
        Assert.Equal(1_200_000_000, ImageFile.ReadHeader(file).Pixels);
    }

    [Theory]
    [InlineData(-1, 0, 1, 1)]
    [InlineData(0, 0, 0, 1)]
    [InlineData(0, 0, 33, 1)]
    [InlineData(1, 0, 32, 1)]
    [InlineData(0, 31, 1, 2)]
    public void Resize_PartOutside_IsRefused(int left, int top, int width, int height)
    {
        var file = files.Read("png_rgb_32x32.img");
        using var pixels = ImageFile.Decode(file, ImageFile.ReadHeader(file));
        Assert.Throws<ArgumentOutOfRangeException>(() => pixels.Resize(32, 32, left, top, width, height));
        Assert.Throws<ArgumentOutOfRangeException>(() => pixels.WritePlanes(left, top, width, height, new float[768], new float[3 * 33 * 33], 33 * 33, 33));
    }
}

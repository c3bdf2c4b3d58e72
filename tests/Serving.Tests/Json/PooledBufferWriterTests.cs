using System.Text;
using Granary.Serving.Json;

namespace Granary.Serving.Tests.Json;

public sealed class PooledBufferWriterTests
{
    [Fact]
    public void Write_MoreThanFits_Grows()
    {
        using var writer = new PooledBufferWriter(1);
        var expected = new StringBuilder();
        for (var i = 0; i < 5000; i++)
        {
            writer.Write(Encoding.ASCII.GetBytes($"{i};"));
            expected.Append(i).Append(';');
        }

        Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(writer.WrittenMemory.Span));
    }

    [Fact]
    public void Clear_AfterWriting_StartsAfresh()
    {
        using var writer = new PooledBufferWriter();
        writer.Write("abc"u8);
        writer.Clear();
        "xyz"u8.CopyTo(writer.GetMemory(3).Span);
        writer.Advance(3);
        writer.WriteByte((byte)'!');
        writer.Truncate(2);
        Assert.Equal("xy"u8.ToArray(), writer.WrittenSpan.ToArray());
        Assert.Equal(2, writer.WrittenCount);
    }

    [Fact]
    public void Advance_BeyondTheBuffer_Throws()
    {
        using var writer = new PooledBufferWriter();
        var room = writer.GetSpan().Length;
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(room + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(-1));
    }

    [Fact]
    public void Write_AfterDispose_UsesANewBuffer()
    {
        var writer = new PooledBufferWriter();
        writer.Write("abc"u8);
        writer.Dispose();
        writer.Dispose();
        writer.Write("de"u8);
        Assert.Equal("de"u8.ToArray(), writer.WrittenSpan.ToArray());
        writer.Dispose();
    }
}

namespace Granary.Torch.Tests.Values;

public sealed class PinnedBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData((1 << 24) + 1)]
    public unsafe void Rent_AnyLength_HasExactlyThat(int length)
    {
        using var buffer = PinnedBuffer.Rent(length);
        Assert.Equal(length, buffer.Length);
        Assert.Equal(length, buffer.GetSpan().Length);
        fixed (byte* start = buffer.GetSpan())
            Assert.True(length == 0 || start == buffer.Pointer);
    }

    [Fact]
    public void Rent_Negative_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => PinnedBuffer.Rent(-1));

    [Fact]
    public unsafe void Rent_AfterDispose_UsesTheMemoryAgain()
    {
        var first = PinnedBuffer.Rent(3000);
        var address = (nint)first.Pointer;
        ((IDisposable)first).Dispose();
        var seen = Enumerable.Range(0, 200).Select(_ => PinnedBuffer.Rent(3000)).ToArray();
        Assert.Contains(address, seen.Select(buffer => (nint)buffer.Pointer));
        foreach (IDisposable buffer in seen)
            buffer.Dispose();
    }

    [Fact]
    public void GetSpan_Disposed_Throws()
    {
        var buffer = PinnedBuffer.Rent(8);
        ((IDisposable)buffer).Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.GetSpan().Length);
    }
}

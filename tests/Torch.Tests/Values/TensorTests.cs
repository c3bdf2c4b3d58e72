namespace Granary.Torch.Tests.Values;

public sealed class TensorTests
{
    [Fact]
    public void From_ValuesAndShape_HoldsThem()
    {
        using var tensor = Tensor.From<int>(DType.Int32, [2, 2], [1, 2, 3, 4]);
        Assert.Equal([2, 2], tensor.Shape.ToArray());
        Assert.Equal([1, 2, 3, 4], tensor.As<int>().ToArray());
        Assert.Equal(16, tensor.ByteLength);
    }

    [Fact]
    public void From_TooFewValues_Throws() =>
        Assert.Throws<ArgumentException>(() => Tensor.From<int>(DType.Int32, [3], [1]));

    [Fact]
    public void As_OtherSize_Throws()
    {
        using var tensor = Tensor.Rent(DType.Float64, [1]);
        Assert.Throws<InvalidOperationException>(() => tensor.As<float>());
    }

    [Theory]
    [InlineData(new long[] { -1 })]
    [InlineData(new long[] { long.MaxValue, 2 })]
    public void CountElements_NegativeOrTooLarge_Throws(long[] shape) =>
        Assert.Throws<OverflowException>(() => Tensor.CountElements(shape));

    [Fact]
    public void Dispose_Twice_ReturnsTheBufferOnce()
    {
        var first = Tensor.Rent(DType.UInt8, [64]);
        first.Dispose();
        first.Dispose();
        using var second = Tensor.Rent(DType.UInt8, [64]);
        using var third = Tensor.Rent(DType.UInt8, [64]);
        Assert.NotEqual(second.Data, third.Data);
    }
}

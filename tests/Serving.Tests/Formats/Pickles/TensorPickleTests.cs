using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Formats.Pickles;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Pickles;

[Collection(nameof(LiveObjectTests))]
public sealed class TensorPickleTests
{
    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float16)]
    [InlineData(DType.BFloat16)]
    [InlineData(DType.Int64)]
    [InlineData(DType.Int32)]
    [InlineData(DType.Int16)]
    [InlineData(DType.Int8)]
    [InlineData(DType.UInt8)]
    [InlineData(DType.Bool)]
    [InlineData(DType.Complex64)]
    [InlineData(DType.Complex128)]
    public void Write_AnyTensor_ReadsBackAsItIs(DType dtype)
    {
        foreach (long[] shape in (long[][])[[2, 3], [], [0], [1, 300]])
        {
            using var tensor = Tensor.Rent(dtype, shape);
            for (var i = 0; i < tensor.ByteLength; i++)
                tensor.Bytes[i] = (byte)(i & 1);

            using var file = TensorPickle.Write(tensor);
            using var read = TensorPickle.Read(file.Bytes);

            Assert.Equal((dtype, string.Join(',', shape)), (read.DType, string.Join(',', read.Shape.ToArray())));
            Assert.Equal(tensor.Bytes.ToArray(), read.Bytes.ToArray());
        }
    }

    [Fact]
    public void Read_ChangedBytes_ReadsOrRefuses()
    {
        using var tensor = Tensor.From<float>(DType.Float32, [2, 2], [1, 2, 3, 4]);
        using var file = TensorPickle.Write(tensor);
        var original = file.Bytes.ToArray();
        var changes = Gen.Choose(0, original.Length - 1).Zip(Gen.Choose(0, 255)).NonEmptyListOf();

        Prop.ForAll(changes.ToArbitrary(), list =>
        {
            var bytes = original.ToArray();
            foreach (var (place, value) in list.Take(4))
                bytes[place] = (byte)value;
            TryRead(bytes);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
        for (var length = 0; length < original.Length; length++)
            TryRead(original[..length]);
    }

    [Fact]
    public void Read_SomethingElse_SaysWhatItHolds() => Assert.Equal(
        "the body holds a list, not a tensor",
        Raises.Serving(ServingError.InvalidArgument, static () => TensorPickle.Read(new PickleWriter().Op("].").File())));

    private static void TryRead(byte[] bytes)
    {
        try
        {
            TensorPickle.Read(bytes).Dispose();
        }
        catch (ServingException error)
        {
            Assert.Equal(ServingError.InvalidArgument, error.Error);
        }
    }
}

using FsCheck;
using FsCheck.Fluent;
using Granary.Api.Infernet;
using Granary.Api.Infernet.OnChain;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>What one side writes the other reads: every dtype, every shape, both generations, both arithmetics.</summary>
public class RoundTripTests
{
    private static readonly Config Settings = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static readonly Gen<(DType DType, long[] Shape, int Seed)> Cases =
        from dtype in Gen.Elements(VectorGen.Expressible)
        from shape in VectorGen.Shape
        from seed in Gen.Choose(0, int.MaxValue)
        select (dtype, shape, seed);

    [Fact]
    public void Generation1_WrittenVector_ReadsBackToTheSameBits() => Check.One(Settings, Prop.ForAll(Arb.From(Cases.Where(c => VectorGen.First.Contains(c.DType))), c =>
    {
        using var tensor = VectorGen.Random(c.DType, c.Shape, c.Seed);
        using var read = Abi.Read1(Abi.Written(buffer => Generation1.WriteVector(buffer, tensor)));
        AssertSame(tensor, read);
    }));

    [Fact]
    public void Generation2_WrittenVector_ReadsBackToTheSameBits() => Check.One(Settings, Prop.ForAll(Arb.From(Cases), c =>
    {
        using var tensor = VectorGen.Random(c.DType, c.Shape, c.Seed);
        using var read = Abi.Read2(Abi.Written(buffer => Generation2.WriteVector(buffer, tensor, OutputOptions.Default)));
        if (c.DType == DType.BFloat16)
        {
            Assert.Equal(DType.Float32, read.DType);
            Assert.Equal(tensor.As<ushort>().ToArray().Select(bits => (uint)bits << 16), read.As<uint>().ToArray());
        }
        else
        {
            AssertSame(tensor, read);
        }
    }));

    [Fact]
    public void Generation2_FixedPoint_ReadsBackToTheCutNumber()
    {
        var cases = from c in Cases
                    where c.DType is not (DType.Complex64 or DType.Complex128)
                    from scale in Gen.Choose(0, 12)
                    select (c.DType, c.Shape, c.Seed, scale);
        Check.One(Settings, Prop.ForAll(Arb.From(cases), c =>
        {
            using var tensor = Tame(VectorGen.Random(c.DType, c.Shape, c.Seed));
            using var read = Abi.Read2(Abi.Written(buffer => Generation2.WriteVector(buffer, tensor, new OutputOptions(true, (byte)c.scale))));
            Assert.Equal(DType.Float64, read.DType);
            Assert.Equal(c.Shape, read.Shape.ToArray());
            var unit = Math.Pow(10, -(c.scale == 0 ? 18 : c.scale));
            var values = Numbers(tensor);
            for (var i = 0; i < values.Length; i++)
                Assert.InRange(read.As<double>()[i] - values[i], -unit - Math.Abs(values[i] * 1e-15), unit + Math.Abs(values[i] * 1e-15));
        }));
    }

    [Fact]
    public void Generation0_WrittenValues_ReadBackToTheCutNumbers() => Check.One(Settings, Prop.ForAll(Arb.From(Cases.Where(c => c.DType is not (DType.Complex64 or DType.Complex128))), c =>
    {
        using var tensor = Tame(VectorGen.Random(c.DType, c.Shape, c.Seed));
        using var read = Generation0.Read(new AbiReader(Abi.Written(buffer => Generation0.Write(buffer, tensor))));
        Assert.Equal([1, tensor.ElementCount], read.Shape.ToArray());
        var values = Numbers(tensor);
        for (var i = 0; i < values.Length; i++)
            Assert.InRange(read.As<double>()[i] - values[i], -1e-18 - Math.Abs(values[i] * 1e-15), 1e-18 + Math.Abs(values[i] * 1e-15));
    }));

    // Random bits are mostly numbers that no fixed point holds; shrink those.
    private static Tensor Tame(Tensor tensor)
    {
        switch (tensor.DType)
        {
            case DType.Float64:
                foreach (ref var value in tensor.As<double>())
                    value = Math.Abs(value) < 1e9 ? value : Math.Sin(BitConverter.DoubleToInt64Bits(value)) * 1e9;
                break;
            case DType.Float32:
                foreach (ref var value in tensor.As<float>())
                    value = Math.Abs(value) < 1e9 ? value : MathF.Sin(BitConverter.SingleToInt32Bits(value)) * 1e9f;
                break;
            case DType.Float16:
                foreach (ref var value in tensor.As<Half>())
                    value = Half.IsFinite(value) ? value : (Half)7;
                break;
        }

        return tensor;
    }

    private static double[] Numbers(Tensor tensor) => [.. VectorGen.Describe(tensor).Select(text => text switch
    {
        "true" => 1,
        "false" => 0,
        _ => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
    })];

    private static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.DType, actual.DType);
        Assert.Equal(expected.Shape.ToArray(), actual.Shape.ToArray());
        Assert.Equal(expected.Bytes.ToArray(), actual.Bytes.ToArray());
    }
}

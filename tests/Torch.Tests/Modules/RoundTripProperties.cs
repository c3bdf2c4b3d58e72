using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

/// <summary>Values of any form, which the method's schema (<c>Any</c>) does not tell, come back as they went in.</summary>
public sealed class RoundTripProperties
{
    private static readonly DType[] DTypes = [DType.UInt8, DType.Int16, DType.Int64, DType.Float16, DType.Float32, DType.Float64, DType.Complex64];

    [Fact]
    public void Invoke_AnyValue_ComesBackTheSame()
    {
        using (var echo = Fixture.Load("echo"))
        {
            Prop.ForAll(Arb.From(Gen.Sized(size => ValueOf(Math.Min(size, 30)))), value =>
            {
                Assert.Equal(Show.Of(value), echo.Call("anything", value));
                value.Dispose();
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
        }

        Assert.Equal(0, TorchRuntime.LiveObjects.Total);
    }

    private static Gen<Value> ValueOf(int size)
    {
        var scalar = Gen.OneOf(
            Gen.Constant<Value>(NoneValue.Instance),
            Long.Select(number => (Value)new IntValue(number)),
            Double.Select(number => (Value)new DoubleValue(number)),
            Double.Zip(Double, (real, imaginary) => (Value)new ComplexValue(new Complex(real, imaginary))),
            Gen.Elements(true, false).Select(truth => (Value)new BoolValue(truth)),
            Text.Select(text => (Value)new StringValue(text)),
            TensorValue);
        if (size <= 0)
            return scalar;
        var items = ValueOf(size / 3).ArrayOf().Resize(Math.Min(size, 6));
        return Gen.OneOf(
            scalar,
            items.Select(values => (Value)new ListValue(values)),
            items.Select(values => (Value)new TupleValue(values)),
            items.Select(values => (Value)new DictValue(values.Select((value, i) => KeyValuePair.Create((Value)new StringValue($"k{i}"), value)).ToArray())),
            items.Select(values => (Value)new DictValue(values.Select((value, i) => KeyValuePair.Create((Value)new IntValue(i - 2), value)).ToArray())));
    }

    private static Gen<long> Long => Gen.OneOf(Gen.Choose(-9, 9).Select(number => (long)number), Gen.Elements(long.MinValue, long.MaxValue));

    private static Gen<double> Double => Gen.OneOf(
        Gen.Choose(-999, 999).Select(number => number / 8.0),
        Gen.Elements(double.NaN, double.PositiveInfinity, double.Epsilon, -0.0, 1e300));

    private static Gen<string> Text => Gen.OneOf(Gen.Elements("", "plain", "öä 漢字 🦀", "a\0b", "\"quoted\\"), Gen.Choose(0, 300).Select(length => new string('x', length)));

    private static Gen<Value> TensorValue =>
        Gen.Choose(0, 4).ArrayOf().Resize(4).Zip(Gen.Elements(DTypes), (shape, dtype) =>
        {
            var tensor = Tensor.Rent(dtype, shape.Select(size => (long)size).ToArray());
            for (var i = 0; i < tensor.Bytes.Length; i++)
                tensor.Bytes[i] = (byte)(i * 31 + shape.Length);
            return (Value)tensor;
        });
}

using System.Numerics;
using System.Text.Json;
using Granary.Api.Infernet;
using Granary.Api.Infernet.OnChain;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>The same vectors by ethers' ABI coder and JavaScript's number formats: what either writes the other reads.</summary>
public class EthersTests(EthersCoder ethers) : IClassFixture<EthersCoder>
{
    private const int Rounds = 40;
    private static readonly ModelReferenceCache References = new();

    [Fact]
    public void Generation1_AllDTypes_AgreesBothWays()
    {
        foreach (var (dtype, shape, seed) in Cases(VectorGen.First.Length))
        {
            using var tensor = VectorGen.Random(VectorGen.First[dtype], shape, seed);
            var texts = VectorGen.Describe(tensor);

            using var read = Abi.Read1(ethers.Encode(new { op = "vector1", dtype, shape, values = texts }));
            Assert.Equal((tensor.DType, shape, texts), (read.DType, read.Shape.ToArray(), VectorGen.Describe(read)), Same);

            var answer = ethers.Ask(new { op = "read1", data = Hex(buffer => Generation1.WriteVector(buffer, tensor)) });
            AssertAnswer(answer, dtype, tensor, texts);
        }
    }

    [Fact]
    public void Generation2_AllDTypes_AgreesBothWays()
    {
        foreach (var (dtype, shape, seed) in Cases(VectorGen.Second.Length))
        {
            using var tensor = VectorGen.Random(VectorGen.Second[dtype], shape, seed);
            var texts = VectorGen.Describe(tensor);

            using var read = Abi.Read2(ethers.Encode(new { op = "vector2", arithmetic = 0, scale = 18, dtype, shape, values = texts }));
            Assert.Equal((tensor.DType, shape, texts), (read.DType, read.Shape.ToArray(), VectorGen.Describe(read)), Same);

            var answer = ethers.Ask(new { op = "read2", data = Hex(buffer => Generation2.WriteVector(buffer, tensor, OutputOptions.Default)) });
            AssertAnswer(answer, dtype is 3 or 4 ? 2 : dtype, tensor, texts);
            Assert.Equal((0, 18), (answer.GetProperty("arithmetic").GetInt32(), answer.GetProperty("scale").GetInt32()));
        }
    }

    [Fact]
    public void Generation2_FixedPoint_IsReadAlike()
    {
        foreach (var (dtype, shape, seed) in Cases(VectorGen.Second.Length))
        {
            var random = new Random(seed);
            var scale = random.Next(0, 40);
            var values = Enumerable.Range(0, (int)Tensor.CountElements(shape)).Select(_ => RandomWord(dtype, random)).ToArray();

            var data = ethers.Encode(new { op = "vector2", arithmetic = 1, scale, dtype, shape, values });
            using var read = Abi.Read2(data);

            var answer = ethers.Ask(new { op = "read2", data = "0x" + Abi.Hex(data) });
            var expected = VectorGen.Normalise(read.DType, Texts(answer, "values"));
            if (read.DType is DType.Float16 or DType.Float32 or DType.Complex64)
                expected = [.. expected.Select(text => Rounded(read.DType, text))];
            Assert.Equal(expected, VectorGen.Describe(read));
        }
    }

    [Fact]
    public void Generation2_FixedPoint_IsWrittenAlike()
    {
        var random = new Random(7);
        for (var round = 0; round < Rounds * 10; round++)
        {
            var scale = random.Next(1, 20);
            var value = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 12));
            using var tensor = Tensor.From<double>(DType.Float64, [1], [value]);
            var answer = ethers.Ask(new { op = "read2", data = Hex(buffer => Generation2.WriteVector(buffer, tensor, new OutputOptions(true, (byte)scale))) });
            Assert.Equal((1, scale, 3), (answer.GetProperty("arithmetic").GetInt32(), answer.GetProperty("scale").GetInt32(), answer.GetProperty("dtype").GetInt32()));
            Assert.Equal([new BigInteger(Math.Truncate(value * double.Parse($"1e{scale}"))).ToString()], Texts(answer, "words"));
        }
    }

    [Fact]
    public void Generation0_Values_AgreesBothWays()
    {
        foreach (var (_, shape, seed) in Cases(Rounds / 4))
        {
            var random = new Random(seed);
            var words = Enumerable.Range(0, (int)Tensor.CountElements(shape)).Select(_ => RandomWord(4, random)).ToArray();
            var data = ethers.Encode(new { op = "encode", types = new[] { "int256[]" }, values = new[] { words } });
            using var read = Generation0.Read(new AbiReader(data));
            var texts = VectorGen.Normalise(DType.Float64, ethers.Ask(new { op = "read0", data = "0x" + Abi.Hex(data) }).EnumerateArray().Select(text => text.GetString()!));
            Assert.Equal(texts, VectorGen.Describe(read));

            double[] values = [.. words.Select(_ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 50)))];
            using var small = Tensor.From<double>(DType.Float64, [words.Length], values);
            var written = ethers.Ask(new { op = "decode", types = new[] { "int256[]" }, data = Hex(buffer => Generation0.Write(buffer, small)) });
            Assert.Equal(values.Select(value => new BigInteger(Math.Truncate(value * 1e18)).ToString()), written[0].EnumerateArray().Select(word => word.GetString()));
        }
    }

    [Fact]
    public void Requests_OfBothGenerations_AreReadAlike()
    {
        var vector = "0x" + Abi.Hex(Examples.Get("E1"));
        var first = ethers.Encode(new { op = "encode", types = new[] { "uint8", "string", "string", "string", "bytes" }, values = new object[] { 1, "your_org/model", "california_housing.torch", "v1", vector } });
        Assert.Equal(Examples.Get("E2"), first);

        var repository = ethers.Ask(new { op = "encode", types = new[] { "uint8", "string", "string", "string" }, values = new object[] { 2, "Ritual-Net", "california-housing", "" } });
        var model = ethers.Ask(new { op = "encode", types = new[] { "bytes", "string" }, values = new object[] { repository, "california_housing.torch" } });
        Assert.Equal(Examples.Get("E7"), Abi.Bytes(model.GetString()![2..]));

        var second = ethers.Encode(new { op = "encode", types = new[] { "bytes", "bytes", "uint8", "uint8" }, values = new object[] { model, "0x" + Abi.Hex(Examples.Get("E6")), 1, 9 } });
        Assert.Equal("huggingface/Ritual-Net/california-housing:california_housing.torch/0", Generation2.ReadModel(new AbiReader(second), References).Key.ToString());
        Assert.Equal(new OutputOptions(true, 9), Generation2.ReadOutput(new AbiReader(second)));
        using var tensor = Generation2.ReadTensor(new AbiReader(second));
        Assert.Equal([1.5, -2.25], tensor.As<double>().ToArray());
    }

    private static IEnumerable<(int DType, long[] Shape, int Seed)> Cases(int dtypes)
    {
        var random = new Random(42);
        for (var dtype = 0; dtype < dtypes; dtype++)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var shape = Enumerable.Range(0, random.Next(0, 5)).Select(_ => random.Next(20) == 0 ? 0L : random.Next(1, 4)).ToArray();
                yield return (dtype, shape, random.Next());
            }
        }
    }

    // A word that the ABI type of a dtype holds; truth values as texts.
    private static string RandomWord(int dtype, Random random)
    {
        int[] bits = [16, 32, 64, 128, 256, 8, 16, 32, 64, 8, 16, 32, 64, 64, 128, 1];
        if (dtype == 15)
            return random.Next(2) == 0 ? "false" : "true";
        var bytes = new byte[bits[dtype] / 8];
        random.NextBytes(bytes);
        var value = new BigInteger(bytes, isUnsigned: dtype > 8);
        return (value >> random.Next(0, dtype is 13 or 14 ? 1 : bits[dtype])).ToString();
    }

    private static string Rounded(DType dtype, string text) => string.Join(',', text.Split(',').Select(part =>
    {
        var single = (float)double.Parse(part);
        return (dtype == DType.Float16 ? (double)(Half)single : single).ToString("R");
    }));

    private static void AssertAnswer(JsonElement answer, int dtype, Tensor tensor, string[] texts)
    {
        Assert.Equal(dtype, answer.GetProperty("dtype").GetInt32());
        Assert.Equal(tensor.Shape.ToArray(), answer.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()));
        Assert.Equal(texts, VectorGen.Normalise(tensor.DType, Texts(answer, "values")));
    }

    private static bool Same((DType DType, long[] Shape, string[] Values) left, (DType DType, long[] Shape, string[] Values) right) =>
        left.DType == right.DType && left.Shape.SequenceEqual(right.Shape) && left.Values.SequenceEqual(right.Values);

    private static IEnumerable<string> Texts(JsonElement answer, string name) => answer.GetProperty(name).EnumerateArray().Select(text => text.GetString()!);

    private static string Hex(Action<Serving.Json.PooledBufferWriter> write) => "0x" + Abi.Hex(Abi.Written(write));
}

using System.Numerics;
using System.Text.Json;
using Granary.Api.Infernet;
using Granary.Api.Infernet.OnChain;
using Granary.Api.Tests.Support;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>The twelve worked examples, byte for byte, read and written.</summary>
public class ExamplesTests
{
    private const double Price = 4.151943055154582;
    private static readonly ModelReferenceCache References = new();

    [Theory]
    [InlineData("E1", 480)]
    [InlineData("E2", 864)]
    [InlineData("E3", 224)]
    [InlineData("E4", 576)]
    [InlineData("E5", 288)]
    [InlineData("E6", 320)]
    [InlineData("E6b", 320)]
    [InlineData("E7", 448)]
    [InlineData("E8", 1120)]
    [InlineData("E9", 448)]
    [InlineData("E10", 352)]
    [InlineData("E11", 128)]
    public void Examples_Length_IsThatOfTheNotes(string name, int bytes) => Assert.Equal(bytes, Examples.Get(name).Length);

    [Fact]
    public void E1_HousingVector_ReadsAndWrites()
    {
        using var tensor = Abi.Read1(Examples.Get("E1"));
        Assert.Equal(DType.Float64, tensor.DType);
        Assert.Equal([1L, 8], tensor.Shape.ToArray());
        Assert.Equal(Abi.Row, tensor.As<double>().ToArray());
        Assert.Equal(Examples.Get("E1"), Abi.Written(buffer => Generation1.WriteVector(buffer, tensor)));
    }

    [Fact]
    public void E2_RequestForArweave_ReadsAndWrites()
    {
        var example = Examples.Get("E2");
        Assert.Equal("arweave/your_org/model/v1:california_housing.torch/0", Generation1.ReadModel(new AbiReader(example), References).Key.ToString());
        using var tensor = Generation1.ReadTensor(new AbiReader(example));
        Assert.Equal(Abi.Row, tensor.As<double>().ToArray());
        Assert.Equal(example, Abi.Tuple(1, "your_org/model", "california_housing.torch", "v1", Abi.Written(buffer => Generation1.WriteVector(buffer, tensor))));
    }

    [Fact]
    public void E3_Price_ReadsAndWrites()
    {
        using var tensor = Abi.Read1(Examples.Get("E3"));
        Assert.Equal([Price], tensor.As<double>().ToArray());
        Assert.Equal([1L], tensor.Shape.ToArray());
        using var price = Tensor.From<double>(DType.Float64, [1], [Price]);
        Assert.Equal(Examples.Get("E3"), Abi.Written(buffer => Generation1.WriteVector(buffer, price)));
    }

    [Fact]
    public void E4_Int8ForTheDefaultModel_ReadsAndWrites()
    {
        var example = Examples.Get("E4");
        Assert.Equal(ModelReferenceCache.Default, Generation1.ReadModel(new AbiReader(example), References));
        using var tensor = Generation1.ReadTensor(new AbiReader(example));
        Assert.Equal(DType.Int8, tensor.DType);
        Assert.Equal([1, -2, 3], tensor.As<sbyte>().ToArray());
        Assert.Equal(example, Abi.Tuple(2, "", "", "", Abi.Written(buffer => Generation1.WriteVector(buffer, tensor))));
    }

    [Fact]
    public void E5_Float64_ReadsAndWrites()
    {
        using var tensor = Abi.Read2(Examples.Get("E5"));
        Assert.Equal(DType.Float64, tensor.DType);
        Assert.Equal([Price], tensor.As<double>().ToArray());
        Assert.Equal(Examples.Get("E5"), Abi.Written(buffer => Generation2.WriteVector(buffer, tensor, OutputOptions.Default)));
    }

    [Theory]
    [InlineData(DType.Float64)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float16)]
    public void E6_FixedPoint_ReadsAndWrites(DType dtype)
    {
        using var tensor = Abi.Read2(Examples.Get("E6"));
        Assert.Equal(DType.Float64, tensor.DType);
        Assert.Equal([1.5, -2.25], tensor.As<double>().ToArray());
        using var output = dtype switch
        {
            DType.Float64 => Tensor.From<double>(dtype, [2], [1.5, -2.25]),
            DType.Float32 => Tensor.From<float>(dtype, [2], [1.5f, -2.25f]),
            _ => Tensor.From<Half>(dtype, [2], [(Half)1.5, (Half)(-2.25)]),
        };
        Assert.Equal(Examples.Get("E6"), Abi.Written(buffer => Generation2.WriteVector(buffer, output, new OutputOptions(true, 6))));
    }

    [Fact]
    public void E6b_Float32_ReadsAndWrites()
    {
        using var tensor = Abi.Read2(Examples.Get("E6b"));
        Assert.Equal(DType.Float32, tensor.DType);
        Assert.Equal([1.5f, -2.25f], tensor.As<float>().ToArray());
        Assert.Equal(Examples.Get("E6b"), Abi.Written(buffer => Generation2.WriteVector(buffer, tensor, OutputOptions.Default)));
    }

    [Fact]
    public void E7_ModelId_ReadsAndWrites()
    {
        var example = Examples.Get("E7");
        Assert.Equal("huggingface/Ritual-Net/california-housing:california_housing.torch/0", ChainModels.FromModelId(new AbiReader(example)).Key.ToString());
        Assert.Equal(example, Abi.ModelId(2, "Ritual-Net", "california-housing", "", "california_housing.torch"));
    }

    [Fact]
    public void E8_RequestWithModelId_ReadsAndWrites()
    {
        var example = Examples.Get("E8");
        Assert.Equal("huggingface/Ritual-Net/california-housing:california_housing.torch/0", Generation2.ReadModel(new AbiReader(example), References).Key.ToString());
        Assert.Equal(OutputOptions.Default, Generation2.ReadOutput(new AbiReader(example)));
        using var tensor = Generation2.ReadTensor(new AbiReader(example));
        Assert.Equal([1L, 8], tensor.Shape.ToArray());
        Assert.Equal(Abi.Row, tensor.As<double>().ToArray());
        Assert.Equal(example, Abi.Tuple(Examples.Get("E7"), Abi.Written(buffer => Generation2.WriteVector(buffer, tensor, OutputOptions.Default))));
    }

    [Fact]
    public void E9_RequestForTheDefaultModel_ReadsAndWrites()
    {
        var example = Examples.Get("E9");
        Assert.Equal(ModelReferenceCache.Default, Generation2.ReadModel(new AbiReader(example), References));
        using var tensor = Generation2.ReadTensor(new AbiReader(example));
        Assert.Equal([1.5f, -2.25f], tensor.As<float>().ToArray());
        Assert.Equal(example, Abi.Request2(Abi.Written(buffer => Generation2.WriteVector(buffer, tensor, OutputOptions.Default))));
    }

    /// <summary>The node delivers <c>abi.encode(bytes raw_output, bytes processed_output)</c> of what we answer.</summary>
    [Fact]
    public async Task E10_WhatTheNodeDelivers_IsTheExample()
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => Tensor.From<double>(DType.Float64, [1], [Price]));

        var (status, body) = await server.AskAsync(Abi.Body(Examples.Get("E2")));

        Assert.True(status == 200, body);
        using var document = JsonDocument.Parse(body);
        byte[] Key(string name) => Abi.Bytes(document.RootElement.GetProperty(name).GetString()!);
        Assert.Equal(Examples.Get("E10"), Abi.Tuple(Key("raw_output"), Key("processed_output")));
        Assert.Equal(Examples.Get("E2"), Key("raw_input"));
    }

    [Fact]
    public void E11_Sd59X18_ReadsAndWrites()
    {
        using var tensor = Generation0.Read(new AbiReader(Examples.Get("E11")));
        Assert.Equal(DType.Float64, tensor.DType);
        Assert.Equal([1L, 2], tensor.Shape.ToArray());
        Assert.Equal([1.5, -0.25], tensor.As<double>().ToArray());
        Assert.Equal(Examples.Get("E11"), Abi.Written(buffer => Generation0.Write(buffer, tensor)));
        Assert.Equal(Examples.Get("E11"), Abi.Tuple([new BigInteger[] { 1_500_000_000_000_000_000, -250_000_000_000_000_000 }]));
    }
}

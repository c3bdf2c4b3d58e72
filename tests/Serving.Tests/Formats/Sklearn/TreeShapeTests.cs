using Granary.Serving.Formats.Pickles;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>Trees from sk2torch's matrices: one row a leaf, one column a branch.</summary>
public sealed class TreeShapeTests
{
    /// <summary>Branch 1 is the root; its left child is leaf 2, its right one branch 0 with leaves 0 and 1.</summary>
    private static readonly byte[] Above = [1, 1, 1, 1, 0, 1];
    private static readonly byte[] Right = [0, 1, 1, 1, 0, 0];

    [Theory]
    [InlineData(0.0, 9.0, 30.0)]
    [InlineData(2.0, 9.0, 30.0)]
    [InlineData(2.5, 1.0, 10.0)]
    [InlineData(2.5, 1.5, 20.0)]
    [InlineData(double.NaN, 9.0, 30.0)]
    [InlineData(2.5, double.NaN, 10.0)]
    public void Predict_RootBehindItsChild_WalksFromTheRoot(double first, double second, double expected)
    {
        using var module = ScriptModule.Build(new ModuleMapper().Map(Tree(Above, Right)), new ModuleOptions());
        using var input = Tensor.From<double>(DType.Float64, [1, 2], [first, second]);

        using var result = module.Invoke("predict", [new Argument(null, input)]);

        Assert.Equal([expected], ((Tensor)result.Value).As<double>().ToArray());
    }

    [Theory]
    [InlineData(new byte[] { 1, 1, 1, 1, 0, 1 }, new byte[] { 0, 1, 0, 1, 0, 0 })]
    [InlineData(new byte[] { 1, 1, 1, 1, 0, 1 }, new byte[] { 0, 1, 1, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 1, 1, 1, 0, 0 }, new byte[] { 0, 1, 1, 1, 0, 0 })]
    [InlineData(new byte[] { 1, 1, 1, 0, 0, 1 }, new byte[] { 0, 0, 1, 0, 0, 1 })]
    [InlineData(new byte[] { 0, 1, 0, 1, 0, 1 }, new byte[] { 0, 1, 0, 1, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0 }, new byte[] { 0, 0, 0, 0, 0, 0 })]
    public void Map_MatricesOfNoTree_Refused(byte[] above, byte[] right)
    {
        var error = Assert.Throws<PickleException>(() => new ModuleMapper().Map(Tree(above, right)));

        Assert.Contains("(sk2torch.tree.TorchDecisionTreeRegressor) has a 'cond_mask' that does not describe a tree", error.Message);
    }

    private static PickledModule Tree(byte[] above, byte[] right) => new()
    {
        ClassName = "sk2torch.tree.TorchDecisionTreeRegressor",
        Path = string.Empty,
        Parameters = new Dictionary<string, Tensor?>
        {
            ["value"] = Tensor.From<double>(DType.Float64, [3, 1, 1], [10, 20, 30]),
            ["threshold"] = Tensor.From<double>(DType.Float64, [2], [1, 2]),
        },
        Buffers = new Dictionary<string, Tensor?>
        {
            ["feature"] = Tensor.From<long>(DType.Int64, [2], [1, 0]),
            ["decision_paths"] = Tensor.From<byte>(DType.Bool, [3, 5], new byte[15]),
            ["cond"] = Tensor.From<byte>(DType.Int8, [3, 2], right),
            ["cond_mask"] = Tensor.From<byte>(DType.Int8, [3, 2], above),
        },
    };
}

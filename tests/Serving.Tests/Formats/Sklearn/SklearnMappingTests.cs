using Granary.Serving.Formats.Pickles;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>What the mappings refuse, and which methods they give.</summary>
[Collection(nameof(SklearnModels))]
public sealed class SklearnMappingTests(SklearnModels models)
{
    /// <summary>What no mapping needs, by class: numbers that follow from others, and what only other options of a model use.</summary>
    private static readonly string[] NotNeeded =
    [
        "TorchGradientBoostingRegressor.loss absurd", "TorchGradientBoostingRegressor.loss missing",
        "TorchPipeline.final_name absurd", "TorchPipeline.final_name missing",
        "TorchSVC._ovo_index_map absurd", "TorchSVC._ovo_index_map missing",
        "TorchSVC.n_classes absurd", "TorchSVC.n_classes missing", "TorchSVC.sv_offsets absurd", "TorchSVC.sv_offsets missing",
    ];

    [Fact]
    public void Map_StateMissingOrAbsurd_RefusedWithClassPathAndName()
    {
        var wrong = new List<string>();
        var (refused, accepted) = (new HashSet<string>(), new HashSet<string>());
        foreach (var file in Directory.GetFiles(models.Own, "*.pt", SearchOption.AllDirectories))
        {
            SklearnFile.Open(file, root =>
            {
                foreach (var change in PickledChange.Of(root))
                {
                    var key = $"{change.Module.ShortName}.{change.Name} {(change.Remove ? "missing" : "absurd")}";
                    if (Refusal(change.In(root)) is not { } message)
                        accepted.Add(key);
                    else if (refused.Add(key) && !IsClear(message, change))
                        wrong.Add($"{key}: {message}");
                }
            });
        }

        Assert.Empty(wrong);
        accepted.ExceptWith(refused);
        var unexpected = accepted.Except(NotNeeded).Order(StringComparer.Ordinal).Concat(NotNeeded.Except(accepted).Select(key => $"{key}: is needed"));
        Assert.True(!unexpected.Any(), string.Join('\n', unexpected));
    }

    private static string? Refusal(PickledModule root)
    {
        try
        {
            new ModuleMapper().Map(root);
            return null;
        }
        catch (PickleException error)
        {
            Assert.Equal(ServingError.Unsupported, error.Error);
            return error.Message;
        }
    }

    /// <summary>Another class of submodule is refused by its own name and place, anything else by those of its owner.</summary>
    private static bool IsClear(string message, PickledChange change)
    {
        var isAlien = !change.Remove && change.Module.Modules.ContainsKey(change.Name);
        return message.Contains($"'{change.Name}'", StringComparison.Ordinal)
            && (isAlien || (message.Contains(change.Module.ClassName, StringComparison.Ordinal) && message.Contains(change.Module.Path, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("linear_models/linear_regression", "forward predict")]
    [InlineData("linear_models/linear_svc", "decision_function forward predict")]
    [InlineData("linear_models/sgd_classifier_hinge", "decision_function forward predict")]
    [InlineData("linear_models/logistic_auto", "decision_function forward predict predict_log_proba predict_proba")]
    [InlineData("scalers/pca", "forward inverse_transform transform")]
    [InlineData("trees/tree_classifier", "decision_path forward predict predict_log_proba predict_proba raw_values")]
    [InlineData("boosting/boosting_binary", "decision_function forward predict predict_log_proba predict_proba")]
    [InlineData("kernels/svc_ovo", "decision_function forward predict")]
    [InlineData("kernels/svc_probability", "decision_function forward predict predict_log_proba predict_proba")]
    [InlineData("compositions/stacking_classifier", "decision_function forward predict predict_proba transform")]
    [InlineData("compositions/pipeline_regressor", "forward predict")]
    [InlineData("compositions/pipeline_transform", "forward inverse_transform transform")]
    public void Build_Model_HasTheMethodsOfItsClass(string name, string expected)
    {
        using var module = SklearnFile.Load(Path.Combine(models.Own, name + ".pt"));

        Assert.Equal(expected.Split(' '), module.Methods.Select(method => method.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("dummy_stratified", 200)]
    [InlineData("dummy_stratified", 0)]
    [InlineData("dummy_uniform", 200)]
    [InlineData("dummy_uniform", 0)]
    public void Predict_RandomStrategy_OneOfTheClassesForEachRow(string name, int rows)
    {
        using var module = SklearnFile.Load(Path.Combine(models.Own, "dummies", name + ".pt"));
        using var input = Tensor.Rent(DType.Float64, [rows, 5]);

        using var classes = module.Invoke("predict", [new Argument(null, input)]);
        using var probabilities = module.Invoke("predict_proba", [new Argument(null, input)]);

        var drawn = ((Tensor)classes.Value).As<long>().ToArray();
        Assert.Equal(rows, drawn.Length);
        Assert.Equal(rows == 0 ? [] : [-1L, 1, 3, 5], drawn.Distinct().Order());
        var each = ((Tensor)probabilities.Value).As<double>().ToArray().Chunk(4).ToArray();
        Assert.Equal(rows, each.Length);
        Assert.All(each, row => Assert.Equal(name == "dummy_uniform" ? [0.25, 0.25, 0.25, 0.25] : [0.0, 0, 0, 1], row.Order()));
    }

    [Fact]
    public void Predict_TooFewFeatures_ModelErrorThatSaysSo()
    {
        using var module = SklearnFile.Load(Path.Combine(models.Own, "trees", "tree_regressor.pt"));
        using var input = Tensor.Rent(DType.Float64, [3, 1]);

        var error = Assert.Throws<TorchException>(() => module.Invoke("predict", [new Argument(null, input)]));

        Assert.Equal(TorchFailure.Model, error.Failure);
        Assert.Contains("as many features as the model was trained on", error.Message);
    }
}

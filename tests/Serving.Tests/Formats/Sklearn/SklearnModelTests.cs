using System.Globalization;
using Xunit.Abstractions;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>
/// Pickled scikit-learn models, from the file to the answer, against scikit-learn. With the environment variable SK2TORCH naming a
/// checkout of https://github.com/unixpickle/sk2torch the files of the library itself are compared too.
/// </summary>
[Collection(nameof(SklearnModels))]
public sealed class SklearnModelTests(SklearnModels models, ITestOutputHelper output)
{
    [Theory]
    [InlineData("linear_models", 23)]
    [InlineData("scalers", 9)]
    [InlineData("trees", 9)]
    [InlineData("boosting", 10)]
    [InlineData("dummies", 10)]
    [InlineData("kernels", 19)]
    [InlineData("binarizers", 12)]
    [InlineData("networks", 6)]
    [InlineData("compositions", 10)]
    public void Invoke_FamilyOfModels_AnswersAsScikitLearn(string family, int count)
    {
        Assert.Equal(count, CompareAll(Path.Combine(models.Own, family)));
        if (models.Real is { } real)
            Assert.NotEqual(0, CompareAll(Path.Combine(real, family)));
    }

    /// <returns>How many models there were.</returns>
    private int CompareAll(string folder)
    {
        var failures = new List<string>();
        var files = Directory.GetFiles(folder, "*.pt").Order(StringComparer.Ordinal).ToArray();
        foreach (var file in files)
        {
            var name = $"{Path.GetFileName(Path.GetDirectoryName(folder))} {Path.GetFileNameWithoutExtension(file)}";
            try
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: largest difference {CompareModel(file):0.0e+0}"));
            }
            catch (Exception error)
            {
                failures.Add($"{name}: {error.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        return files.Length;
    }

    private static double CompareModel(string file)
    {
        using var module = SklearnFile.Load(file);
        var largest = 0.0;
        foreach (var call in SklearnCase.Of(file))
        {
            // Without rows only dtype and shape can be compared.
            foreach (var rows in new[] { call.Rows, 1, 0 })
            {
                var difference = Try(() => call.Compare(module, rows), $"{call.Method} of {rows} rows");
                Assert.True(difference <= call.Tolerance, $"{call.Method} of {rows} rows differs by {difference}");
                largest = Math.Max(largest, difference);
            }
        }

        return largest;
    }

    private static double Try(Func<double> compare, string what)
    {
        try
        {
            return compare();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{what}: {error.Message}", error);
        }
    }
}

using System.Text;

namespace Granary.Api.Tests.TorchServing;

/// <summary>Every type both ways, against what Python computed and printed on its own.</summary>
[Collection(TorchServingCollection.Name)]
public sealed class TypeMatrixTests(TorchServingBed bed)
{
    [Fact]
    public async Task Serve_EveryType_AnswersByteForByteAsPythonDoes()
    {
        var wrong = new StringBuilder();
        foreach (var (model, body, answer) in bed.Requests)
        {
            var (status, text) = await bed.ServeAsync(model, body);
            if (status != 200 || text != answer)
                wrong.AppendLine($"{model} {body}\n  expected {answer}\n  actual   {text}");
        }

        Assert.True(bed.Requests.Count >= 60 + 4, $"{bed.Requests.Count} requests");
        Assert.True(wrong.Length == 0, wrong.ToString());
    }

    [Theory]
    [InlineData("model-example.pt")]
    [InlineData("documented.pt")]
    public async Task Serve_ExampleOfTheReadme_AnswersByteForByteAsPythonDoes(string model)
    {
        var (_, body, answer) = bed.Requests.First(request => request.Model == model);
        Assert.Equal((200, answer), await bed.ServeAsync(model, body));
        Assert.Contains("\"value\":[60.0,33.0,33.0]", answer, StringComparison.Ordinal);
    }
}

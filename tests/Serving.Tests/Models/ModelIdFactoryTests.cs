using Granary.Serving.Models;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Models;

public sealed class ModelIdFactoryTests
{
    [Theory]
    [InlineData("1", "Ritual-Net/sk2torch-example", "model.torch", null, null, "arweave/Ritual-Net/sk2torch-example:model.torch")]
    [InlineData("arweave", "your_org/model", "california_housing.torch", "v1", null, "arweave/your_org/model/v1:california_housing.torch")]
    [InlineData("HUGGINGFACE_HUB", "o/n", "m.pt", "", null, "huggingface/o/n:m.pt")]
    [InlineData("HuggingFace", "o/n", "sub/m.pt", "refs/pr/7", null, "huggingface/o/n/refs/pr/7:sub/m.pt")]
    [InlineData("2", "o/n", "m.pt", null, "/ignored", "huggingface/o/n:m.pt")]
    [InlineData("LOCAL", null, null, null, "/srv/models/m.pt", "local//srv/models/m.pt")]
    [InlineData("0", "", "", "", "./models//m.pt", "local/models/m.pt")]
    [InlineData("0", null, "m.pt", null, "models/", "local/models:m.pt")]
    [InlineData("0", "o/n", "m.pt", "v1", null, "local/o/n/v1:m.pt")]
    public void FromLoadArguments_ValidArguments_MakesTheId(
        string source, string? repoId, string? filename, string? version, string? path, string expected)
        => Assert.Equal(expected, ModelIdFactory.FromLoadArguments(source, repoId, filename, version, path).ToString());

    [Theory]
    [InlineData("3", "o/n", "f", null, null, "model source '3' is unknown")]
    [InlineData("1", null, "f", null, null, "needs load argument 'repo_id'")]
    [InlineData("2", "o/n", null, null, null, "needs load argument 'filename'")]
    [InlineData("2", "gpt2", "f", null, null, "'repo_id' is 'gpt2'; expected owner/name")]
    [InlineData("2", "o/n/x", "f", null, null, "'repo_id' is 'o/n/x'; expected owner/name")]
    [InlineData("2", "o/n", "f,g", null, null, "one of its parts holds a separator")]
    [InlineData("2", "o/n", "../f", null, null, "the file holds the segment '..'")]
    [InlineData("2", "o/n", "f", "v:1", null, "is not valid")]
    [InlineData("0", null, null, null, null, "needs load argument 'path'")]
    [InlineData("0", null, null, null, "../m.pt", "the path holds the segment '..'")]
    [InlineData("0", null, null, null, "a:b.pt", "one of its parts holds a separator")]
    [InlineData("0", null, null, null, "/", "the path has an empty segment")]
    public void FromLoadArguments_InvalidArguments_SaysWhich(
        string source, string? repoId, string? filename, string? version, string? path, string expected)
    {
        var message = Raises.Serving(ServingError.InvalidArgument,
            () => ModelIdFactory.FromLoadArguments(source, repoId, filename, version, path));

        Assert.Contains(expected, message, StringComparison.Ordinal);
    }
}

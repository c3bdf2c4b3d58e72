using Granary.Api.Tests.Support;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet;

/// <summary>Requests and answers of the three generations, byte for byte; <c>golden/make_golden.py</c> writes them.</summary>
public class GoldenTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Infernet", "golden");

    [Fact]
    public async Task ServiceOutput_GoldenRequests_AnswersTheGoldenBytes()
    {
        await using var server = await ApiServer.StartAsync(new FakeCatalog().Add("default", "1").Add("argmax", "1").Add("bfloat16", "1").Add("pair", "1"), []);
        server.Cluster.Model = (key, request, _) => new(Run(key.Name, (Tensor)request.Inputs[0].Value));
        var answers = Directory.GetFiles(Folder, "*.response.json");
        Assert.True(answers.Length > 50, $"{answers.Length} golden files in {Folder}");

        foreach (var answer in answers.Order())
        {
            var request = await File.ReadAllTextAsync(answer.Replace(".response.", ".request."));
            var (status, body) = await server.AskAsync(request);
            var expected = (Path.GetFileName(answer), 200, await File.ReadAllTextAsync(answer));
            Assert.Equal(expected, (Path.GetFileName(answer), status, body));
        }
    }

    private static Value Run(string model, Tensor input) => model switch
    {
        "argmax" => Tensor.From<long>(DType.Int64, [1], [1]),
        "bfloat16" => Tensor.From<ushort>(DType.BFloat16, [2], [0x3FC0, 0xC000]),
        "pair" => new TupleValue([FakeCluster.Copy(input), FakeCluster.Copy(input)]),
        _ => FakeCluster.Copy(input),
    };
}

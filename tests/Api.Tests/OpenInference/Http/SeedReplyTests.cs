using Granary.Api.Tests.Support;
using Granary.Serving.Clusters;
using Granary.Torch;

namespace Granary.Api.Tests.OpenInference.Http;

/// <summary>The reply that the CIFAR-10 tutorial of KServe prints, byte for byte: 315 of them.</summary>
public sealed class SeedReplyTests
{
    private const string Printed = """{"model_name":"cifar10","model_version":"1","outputs":[{"name":"OUTPUT__0","datatype":"FP32","shape":[1,10],"data":[-2.0964810848236086,-0.13700756430625916,-0.5095657706260681,2.795621395111084,-0.5605481863021851,1.9934231042861939,1.1288187503814698,-1.4043136835098267,0.6004879474639893,-2.1237082481384279]}]}""";

    [Fact]
    public async Task Infer_ModelWithThoseOutputs_AnswersTheSameBytes()
    {
        float[] logits = [-2.0964811f, -0.13700756f, -0.50956577f, 2.7956214f, -0.5605482f, 1.9934231f, 1.1288188f, -1.4043137f, 0.60048795f, -2.1237082f];
        await using var server = await ApiServer.StartAsync(new FakeCatalog().Add("cifar10", "1"), []);
        server.Cluster.Load = static (key, _) => new(new ModelStatus
        {
            Key = key,
            State = ModelState.Ready,
            Methods = [new MethodSchema("forward", [new ArgumentSchema("x", "Tensor", false, null)], "Tensor")],
        });
        server.Cluster.Returns(input =>
        {
            Assert.Equal([1L, 3, 32, 32], input.Shape.ToArray());
            return Tensor.From<float>(DType.Float32, [1, 10], logits);
        });
        var data = string.Join(',', Enumerable.Repeat("0.5", 3072));
        var request = $$"""{"inputs":[{"name":"INPUT__0","shape":[1,3,32,32],"datatype":"FP32","data":[{{data}}]}]}""";

        // As the seed's curl sends it.
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v2/models/cifar10/infer")
        {
            Content = new StringContent(request, System.Text.Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        message.Headers.ExpectContinue = true;
        using var response = await server.Client.SendAsync(message);

        Assert.Equal(Printed, await response.Content.ReadAsStringAsync());
        Assert.Equal(315, response.Content.Headers.ContentLength);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
    }
}

using System.Net;
using System.Text;

namespace Granary.Api.Tests.TorchServing;

/// <summary>Statuses and texts of torch-serving's two paths.</summary>
[Collection(TorchServingCollection.Name)]
public sealed class ServeProtocolTests(TorchServingBed bed)
{
    private const string Tensor = """{"type": "tensor", "shape": [1, 2], "value": [10, 1]}""";
    private const string Answer = """{"code":200,"description":"Success","message":"OK","result":{"data_type":"float32","shape":[1,2],"type":"tensor","value":[10.0,1.0]}}""";

    [Fact]
    public async Task Healthcheck_Get_SaysOk()
    {
        using var response = await bed.Client.GetAsync("/healthcheck");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("""{"code":200,"description":"OK","message":"OK"}""", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET", "/serve?servable_identifier=echo_0.pt")]
    [InlineData("PUT", "/serve")]
    [InlineData("DELETE", "/serve")]
    [InlineData("POST", "/healthcheck")]
    [InlineData("OPTIONS", "/healthcheck")]
    public async Task OtherMethod_OfAKnownPath_IsNotFoundWithoutABody(string method, string path)
    {
        using var response = await bed.Client.SendAsync(new HttpRequestMessage(HttpMethod.Parse(method), path));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(0, response.Content.Headers.ContentLength);
        Assert.Empty(response.Content.Headers.Allow);
    }

    [Fact]
    public async Task Serve_WithoutIdentifier_SaysSo() =>
        Assert.Equal((400, """{"code":400,"description":"Missing required parameter `servable_identifier`","message":"Client Error"}"""), await bed.ServeAsync(null, Tensor));

    [Fact]
    public async Task Serve_IdentifierTwice_SaysSo()
    {
        using var response = await bed.Client.PostAsync("/serve?servable_identifier=a&servable_identifier=a", new StringContent(Tensor));
        Assert.Equal("""{"code":400,"description":"Required parameter `servable_identifier` must only be passed in once","message":"Client Error"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Serve_EmptyBody_SaysSo() =>
        Assert.Equal((400, """{"code":400,"description":"Empty body","message":"Client Error"}"""), await bed.ServeAsync("echo_0.pt", ""));

    [Theory]
    [InlineData("{", "malformed JSON at byte 1: expected a property name, found the end of the text")]
    [InlineData("[1,]", "malformed JSON at byte 3: expected a value, found ']'")]
    [InlineData("""{"type": "tensor", "shape": "x", "value": [1]} 2""", "malformed JSON at byte 47: expected the end of the text, found '2'")]
    public async Task Serve_NoJson_SaysWhere(string body, string problem)
    {
        var expected = $$"""{"code":400,"description":"Invalid JSON","detail":"{{problem}}","message":"Client Error","result":"{{problem}}"}""";
        Assert.Equal((400, expected), await bed.ServeAsync("echo_0.pt", body));
        // Before the model is looked for.
        Assert.Equal((400, expected), await bed.ServeAsync("nowhere.pt", body));
    }

    [Theory]
    [InlineData("""{"shape": [1], "value": [1]}""", "Invalid Input JSON", "Error parsing payload, missing required attributes 'type' and 'value'.")]
    [InlineData("""{"type": "tensor", "shape": [1]}""", "Invalid Input JSON", "Error parsing payload, missing required attributes 'type' and 'value'.")]
    [InlineData("""{"type": 1, "value": [1]}""", "Invalid Input JSON", "Field `type` must be a string")]
    [InlineData("""{"type": "tensor", "shape": [1], "value": [1], "data_type": 1}""", "Invalid Input JSON", "If specified, data_type must be a string")]
    [InlineData("""{"type": "matrix", "value": [1]}""", "Invalid Input JSON", "Unsupported type: matrix")]
    [InlineData("""{"type": "tensor", "value": [1]}""", "Invalid Input JSON", "Error parsing payload, expected 'shape' to be an array for 'type' of 'tensor'")]
    [InlineData("""{"type": "tensor", "shape": [1], "value": 1}""", "Invalid Input JSON", "Error parsing payload, expected 'value' to be an array to be converted to 'type' of 'tensor'")]
    [InlineData("""{"type": "tensor", "shape": [2, 2], "value": [1, 2, 3]}""", "Incompatible tensor shapes", "Dimension mismatch - shape expected 4 total elements, found 3 total elements")]
    [InlineData("""{"type": "tensor", "shape": [1], "value": [1], "data_type": "float31"}""", "Incompatible tensor data type", "Invalid type for Tensor: float31")]
    [InlineData("""{"type": "scalar", "value": 1}""", "Incompatible tensor data type", "Type scalar must specify a `data_type` as a string")]
    [InlineData("""{"type": "scalar", "value": true, "data_type": "int64"}""", "Incompatible tensor data type", "Type scalar must be a number")]
    [InlineData("""{"type": "tensor_list", "value": 1}""", "Invalid Input JSON", "Type tensor_list must be an array")]
    [InlineData("""{"type": "tensor_dict", "value": []}""", "Invalid Input JSON", "Type tensor_dict must be an object")]
    [InlineData("""{"type": "string", "value": 1}""", "Invalid Input JSON", "Type string must specify a string value")]
    public async Task Serve_WrongValue_AnswersInTheOriginalsWords(string body, string description, string text) =>
        Assert.Equal((400, $$"""{"code":400,"description":"{{description}}","detail":"{{text}}","message":"Client Error","result":"{{text}}"}"""), await bed.ServeAsync("echo_0.pt", body));

    [Fact]
    public async Task Serve_WrongValueInside_NamesThePlaceInDetail()
    {
        var body = """[[], [[1]], {"type": "tensor_dict", "value": {"x": {"shape": [3], "value": [1]}}}, 1, ""]""";
        var (status, text) = await bed.ServeAsync("model-example.pt", body);
        const string Problem = "Dimension mismatch - shape expected 3 total elements, found 1 total elements";
        Assert.Equal((400, $$"""{"code":400,"description":"Incompatible tensor shapes","detail":"[2].x: {{Problem}}","message":"Client Error","result":"{{Problem}}"}"""), (status, text));
    }

    [Fact]
    public async Task Serve_ValueOfAnotherKind_IsInvalidInput()
    {
        var (status, text) = await bed.ServeAsync("echo_0.pt", """{"type": "string", "value": "x"}""");
        Assert.Equal(400, status);
        Assert.StartsWith("""{"code":400,"description":"Invalid Input JSON","detail":""", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ModelRaises_IsAServerErrorWithItsText()
    {
        var (status, text) = await bed.ServeAsync("raises.pt", """{"type": "tensor", "shape": [1, 3], "value": [1, 2, 3]}""");
        Assert.Equal(500, status);
        Assert.StartsWith("""{"code":500,"description":"Unexpected server error","detail":""", text, StringComparison.Ordinal);
        Assert.Contains("""
            ","message":"Server Error","result":"
            """, text, StringComparison.Ordinal);
        Assert.Contains("1x3 and 2x3", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ByteOrderMarkAndBlanks_AreSkipped()
    {
        var (status, text) = await TorchServingBed.ServeAsync(bed.Client, "echo_0.pt", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes($"\n {Tensor} \r\n")]);
        Assert.Equal((200, Answer), (status, text));
    }

    [Fact]
    public async Task Serve_LargeBodyInPieces_IsReadWhole()
    {
        var values = string.Join(", ", Enumerable.Range(0, 40_000));
        var (status, text) = await bed.ServeAsync("echo_0.pt", $$"""{"type": "tensor", "shape": [200, 200], "value": [{{values}}], "data_type": "int32"}""");
        Assert.Equal(200, status);
        Assert.EndsWith(",39998,39999]}}", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo_0.pt")]
    [InlineData("./echo_0.pt")]
    [InlineData(".//./echo_0.pt")]
    [InlineData("local/echo_0.pt")]
    public async Task Serve_IdentifierOfAFileUnderTheRoot_IsServed(string identifier) =>
        Assert.Equal((200, Answer), await bed.ServeAsync(identifier, Tensor));

    [Fact]
    public async Task Serve_AbsolutePathUnderTheRoot_IsServed()
    {
        Assert.Equal((200, Answer), await bed.ServeAsync(Path.Combine(bed.Models, "echo_0.pt"), Tensor));
        Assert.Equal((200, Answer), await bed.ServeAsync($"local/{bed.Models}/echo_0.pt", Tensor));
    }

    [Theory]
    [InlineData("nowhere.pt")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("/")]
    [InlineData("a:b")]
    [InlineData("requests.json")]
    [InlineData("no_forward.pt")]
    [InlineData("huggingface/only-owner")]
    [InlineData("nothing/7")]
    [InlineData("\0")]
    public async Task Serve_IdentifierOfNoModel_IsInvalid(string identifier)
    {
        var (status, text) = await bed.ServeAsync(identifier, Tensor);
        Assert.Equal(400, status);
        Assert.StartsWith("""{"code":400,"description":"Invalid servable identifier","detail":""", text, StringComparison.Ordinal);
        Assert.EndsWith(",\"message\":\"Client Error\"}", text, StringComparison.Ordinal);
        Assert.DoesNotContain(bed.Outside, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WrongRequestsInARow_TakeNothingOutOfMemory()
    {
        Assert.Equal((200, Answer), await bed.ServeAsync("echo_0.pt", Tensor));
        foreach (var body in (string[])["", "{", """{"type": "tensor", "shape": [9], "value": [1]}""", "\"text\""])
            Assert.Equal(400, (await bed.ServeAsync("echo_0.pt", body)).Status);
        using var response = await bed.Client.GetAsync("/admin/activations");
        Assert.Contains("echo_0.pt", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}

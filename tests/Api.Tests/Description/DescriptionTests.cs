using System.Text.Json;
using Granary.Api.Tests.Admin;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Granary.Api.Tests.Description;

public sealed class DescriptionTests
{
    [Fact]
    public async Task Get_Document_ReadsWithoutAFault()
    {
        await using var service = await TestService.StartAsync();
        using var response = await service.SendRawAsync("GET", "/openapi/v1.json");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        var (document, diagnostic) = await OpenApiDocument.LoadAsync(await response.Content.ReadAsStreamAsync(), "json");
        Assert.Empty(diagnostic!.Errors);
        Assert.Empty(diagnostic.Warnings);
        Assert.Equal("Granary", document!.Info.Title);
    }

    [Fact]
    public async Task Get_Document_ListsEveryMappedRoute()
    {
        await using var service = await TestService.StartAsync();
        var (_, document) = await service.SendAsync("GET", "/openapi/v1.json");
        var listed = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));
        var mapped = service.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Where(method => method != "HEAD").Select(method => $"{method} {endpoint.RoutePattern.RawText}"))
            .ToList();
        Assert.Contains("POST /service_output", mapped);
        Assert.Contains("POST /admin/models/{name}/versions/{version}/warmup", mapped);
        Assert.Equal(mapped.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Get_Document_EveryOperationSaysWhatItDoesAndAnswers()
    {
        await using var service = await TestService.StartAsync();
        var (_, document) = await service.SendAsync("GET", "/openapi/v1.json");
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                Assert.NotEqual("Other", operation.Value.GetProperty("tags")[0].GetString());
                Assert.NotEmpty(operation.Value.GetProperty("responses").EnumerateObject());
                Assert.Equal(path.Name.Count(c => c == '{'), ParametersIn(operation.Value, "path"));
            }
        }
    }

    [Fact]
    public async Task Get_ServiceOutput_RequestExampleWithSchemaAndSecurity()
    {
        await using var service = await TestService.StartAsync();
        var (_, document) = await service.SendAsync("GET", "/openapi/v1.json");
        var operation = document.GetProperty("paths").GetProperty("/service_output").GetProperty("post");
        var body = operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json");
        Assert.Equal(1, body.GetProperty("example").GetProperty("source").GetInt32());
        Assert.Equal("integer", body.GetProperty("schema").GetProperty("properties").GetProperty("source").GetProperty("type").GetString());
        Assert.Equal("number", Property(Property(Property(body.GetProperty("schema"), "data"), "input"), "values").GetProperty("items").GetProperty("type").GetString());
        Assert.Equal("{\"bearer\":[]}", JsonSerializer.Serialize(operation.GetProperty("security")[0]));
        Assert.True(operation.GetProperty("responses").TryGetProperty("400", out _));
    }

    [Fact]
    public async Task Get_Twice_TheSameBytes()
    {
        await using var service = await TestService.StartAsync();
        using var first = await service.SendRawAsync("GET", "/openapi/v1.json");
        using var second = await service.SendRawAsync("GET", "/openapi/v1.json");
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(), await second.Content.ReadAsByteArrayAsync());
    }

    private static JsonElement Property(JsonElement schema, string name) => schema.GetProperty("properties").GetProperty(name);

    private static int ParametersIn(JsonElement operation, string place) =>
        operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Count(parameter => parameter.GetProperty("in").GetString() == place) : 0;
}

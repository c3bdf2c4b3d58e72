using System.Net;
using Granary.Api.Admin;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.Tests.Admin;

public sealed class AdminRegistryTests
{
    private const string Body = $$"""{"source":"{{Samples.Source}}"}""";

    [Fact]
    public async Task Register_NewVersion_201WithLocationAndDefinition()
    {
        await using var service = await TestService.StartAsync();
        using var response = await service.SendRawAsync("PUT", "/admin/models/m/versions/3", Body);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("/admin/models/m/versions/3", response.Headers.Location!.ToString());
        var stored = (await service.Catalog.FindAsync("m"))!;
        Assert.Equal(Samples.Source, stored.Find("3")!.Source.ToString());
        Assert.Equal("3", stored.DefaultVersion);
    }

    [Fact]
    public async Task Register_TheExampleOfTheDocument_201()
    {
        await using var service = await TestService.StartAsync();
        var (status, _) = await service.SendAsync("PUT", "/admin/models/housing/versions/1", AdminExamples.Definition);
        Assert.Equal(HttpStatusCode.Created, status);
    }

    [Fact]
    public async Task Register_SameContentAgain_200()
    {
        await using var service = await TestService.StartAsync();
        await service.SendAsync("PUT", "/admin/models/m/versions/1", Body);
        var (status, _) = await service.SendAsync("PUT", "/admin/models/m/versions/1", Body);
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task Register_OtherContent_409()
    {
        await using var service = await TestService.StartAsync();
        await service.SendAsync("PUT", "/admin/models/m/versions/1", Body);
        var (status, body) = await service.SendAsync("PUT", "/admin/models/m/versions/1", Body.Replace("model.pt", "other.pt"));
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("409", body.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("", "1")]
    [InlineData("?default=false", "1")]
    [InlineData("?default=true", "2")]
    public async Task Register_SecondVersion_DefaultOnlyWhenAsked(string query, string expected)
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("m", "1"));
        await service.SendAsync("PUT", "/admin/models/m/versions/2" + query, Body);
        Assert.Equal(expected, (await service.Catalog.FindAsync("m"))!.DefaultVersion);
    }

    [Theory]
    [InlineData("/admin/models/m/versions/2?default=perhaps", Body, "'default' is 'perhaps'")]
    [InlineData("/admin/models/m/versions/2", "{}", "source: missing")]
    [InlineData("/admin/models/m/versions/2", "[]", "The body is a JSON array")]
    [InlineData("/admin/models/m/versions/2", "{\"source\":", "The body is not JSON")]
    [InlineData("/admin/models/m/versions/2", "{\"source\":\"a\",\"source\":\"b\"}", "The body is not JSON")]
    [InlineData("/admin/models/m/versions/2", "", "The body is empty")]
    [InlineData("/admin/models/m/versions/2", null, "The body is empty")]
    public async Task Register_BadRequest_400SaysWhat(string path, string? body, string expected)
    {
        await using var service = await TestService.StartAsync();
        var (status, answer) = await service.SendAsync("PUT", path, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(expected, answer.GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Empty(await service.Catalog.ListAsync());
    }

    [Fact]
    public async Task Register_BodyOverTheLimit_413()
    {
        await using var service = await TestService.StartAsync(("Granary:Admin:MaxBodyBytes", "64"));
        var (status, body) = await service.SendAsync("PUT", "/admin/models/m/versions/1", $$"""{"source":"{{Samples.Source}}","description":"{{new string('d', 64)}}"}""");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Contains("64 bytes", body.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegisterNext_ExistingModel_TakesTheNextNumber()
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("m", "9"));
        using var response = await service.SendRawAsync("POST", "/admin/models/m/versions", Body);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("/admin/models/m/versions/10", response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task RegisterNext_NewModel_Version1()
    {
        await using var service = await TestService.StartAsync();
        using var response = await service.SendRawAsync("POST", "/admin/models/m/versions", Body);
        Assert.Equal("/admin/models/m/versions/1", response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task RegisterNext_NumberTakenMeanwhile_TriesTheOneAfter()
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.BeforeRegister = definition =>
        {
            if (definition.Version == "1")
                service.Catalog.Add(Samples.Definition("m", "1") with { Device = "cuda:0" });
        };
        using var response = await service.SendRawAsync("POST", "/admin/models/m/versions", Body);
        Assert.Equal("/admin/models/m/versions/2", response.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("""{"version":"1"}""")]
    [InlineData("""{"version":1}""")]
    public async Task SetDefault_ExistingVersion_Changes(string body)
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("m", "1"));
        service.Catalog.Add(Samples.Definition("m", "2"), makeDefault: true);
        var (status, answer) = await service.SendAsync("PUT", "/admin/models/m/default", body);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("m/1", answer.GetProperty("key").GetString());
        Assert.True(answer.GetProperty("isDefault").GetBoolean());
    }

    [Theory]
    [InlineData("""{"version":"7"}""", HttpStatusCode.NotFound)]
    [InlineData("""{}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"version":"1","force":true}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"version":["1"]}""", HttpStatusCode.BadRequest)]
    public async Task SetDefault_BadRequest_Refused(string body, HttpStatusCode expected)
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("m", "1"));
        Assert.Equal(expected, (await service.SendAsync("PUT", "/admin/models/m/default", body)).Status);
    }

    [Fact]
    public async Task Delete_Version_RemovesAndUnloadsIt()
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("m", "1"));
        service.Catalog.Add(Samples.Definition("m", "2"));
        service.Cluster.Set(new ModelStatus { Key = new ModelKey("m", "1"), State = ModelState.Ready });
        var (status, body) = await service.SendAsync("DELETE", "/admin/models/m/versions/1");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"deleted":["m/1"]}""", body.GetRawText());
        Assert.Equal(["unload m/1"], service.Cluster.Calls);
        Assert.Equal("2", (await service.Catalog.FindAsync("m"))!.DefaultVersion);
        Assert.Empty(await service.Cluster.ListAsync());
    }

    [Fact]
    public async Task Delete_Model_RemovesEveryVersion()
    {
        await using var service = await TestService.StartAsync();
        service.Catalog.Add(Samples.Definition("m", "1"));
        service.Catalog.Add(Samples.Definition("m", "2"));
        var (_, body) = await service.SendAsync("DELETE", "/admin/models/m");
        Assert.Equal("""{"deleted":["m/1","m/2"]}""", body.GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync("DELETE", "/admin/models/m")).Status);
    }
}

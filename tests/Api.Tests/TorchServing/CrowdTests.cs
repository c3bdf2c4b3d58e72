using System.Text;
using System.Text.Json;

namespace Granary.Api.Tests.TorchServing;

/// <summary>Many callers of more models than may stay.</summary>
[Collection(TorchServingCollection.Name)]
public sealed class CrowdTests(TorchServingBed bed)
{
    [Fact]
    public async Task Serve_HundredCallersWhileModelsComeAndGo_AllGetTheirOwnAnswer()
    {
        await using var server = await bed.StartAsync("--model-capacity=2", "--buffer-size=1");
        var requests = bed.Requests.GroupBy(static request => request.Model).Select(static group => group.First()).Take(12).ToList();
        var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async caller =>
        {
            for (var turn = 0; turn < 6; turn++)
            {
                var (model, body, answer) = requests[(caller + (turn * 5)) % requests.Count];
                var (status, text) = await TorchServingBed.ServeAsync(server.Client, model, Encoding.UTF8.GetBytes(body));
                if (status != 200 || text != answer)
                    wrong.Add($"{model}: {status} {text}");
            }
        }));
        Assert.True(wrong.IsEmpty, string.Join("\n", wrong.Distinct().Take(5)));
    }

    [Fact]
    public async Task Serve_MoreModelsThanCapacityAndBuffer_KeepsThoseUsedLast()
    {
        await using var server = await bed.StartAsync("-c", "2", "--buffer-size=2");
        foreach (var model in (string[])["echo_0.pt", "echo_1.pt", "echo_2.pt"])
            await ServeAsync(server.Client, model);
        Assert.Equal(["echo_2.pt", "echo_1.pt", "echo_0.pt"], await KeptAsync(server.Client));
        await ServeAsync(server.Client, "echo_0.pt");
        await ServeAsync(server.Client, "echo_3.pt");
        Assert.Equal(["echo_3.pt", "echo_0.pt"], await KeptAsync(server.Client));
    }

    [Fact]
    public async Task Invalidate_ChangedFile_IsLoadedAnew()
    {
        await using var server = await bed.StartAsync();
        var file = Path.Combine(bed.Models, "changing.pt");
        File.Copy(Path.Combine(bed.Models, "echo_0.pt"), file);
        Assert.Equal(400, (await PostAsync(server.Client, "changing.pt", "\"text\"")).Status);
        File.Copy(Path.Combine(bed.Models, "echo_4.pt"), file + ".new");
        File.Move(file + ".new", file, overwrite: true);
        // The one in memory still answers.
        Assert.Equal(400, (await PostAsync(server.Client, "changing.pt", "\"text\"")).Status);
        using var response = await server.Client.PostAsync("/admin/servables/invalidate?identifier=changing.pt", null);
        Assert.Equal(["changing.pt"], await NamesAsync(response, "invalidated"));
        Assert.Equal((200, """{"code":200,"description":"Success","message":"OK","result":{"type":"string","value":"text"}}"""), await PostAsync(server.Client, "changing.pt", "\"text\""));
        File.Delete(file);
    }

    private async Task ServeAsync(HttpClient client, string model)
    {
        var (_, body, answer) = bed.Requests.First(request => request.Model == model);
        Assert.Equal((200, answer), await PostAsync(client, model, body));
    }

    private static Task<(int Status, string Body)> PostAsync(HttpClient client, string model, string body) =>
        TorchServingBed.ServeAsync(client, model, Encoding.UTF8.GetBytes(body));

    private static async Task<string[]> KeptAsync(HttpClient client)
    {
        using var response = await client.GetAsync("/admin/servables");
        return await NamesAsync(response, "servables");
    }

    private static async Task<string[]> NamesAsync(HttpResponseMessage response, string property)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return [.. document.RootElement.GetProperty(property).EnumerateArray().Select(static item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetProperty("identifier").GetString()!)];
    }
}

using System.Text;
using System.Text.Json;

namespace Granary.Api.Tests.TorchServing;

/// <summary>Broken bodies always get one of the protocol's answers.</summary>
[Collection(TorchServingCollection.Name)]
public sealed class FuzzTests(TorchServingBed bed)
{
    private static readonly string[] Descriptions =
        ["Success", "Empty body", "Invalid JSON", "Invalid Input JSON", "Incompatible tensor shapes", "Incompatible tensor data type", "Unexpected server error"];

    [Fact]
    public async Task Serve_EveryTruncationOfTheExample_IsAClientError()
    {
        var (model, body, _) = bed.Requests[0];
        for (var length = 0; length < body.Length; length += 3)
        {
            var (status, text) = await bed.ServeAsync(model, body[..length]);
            Assert.Equal(400, status);
            Assert.Equal(length == 0 ? "Empty body" : "Invalid JSON", Check(status, text));
        }
    }

    [Fact]
    public async Task Serve_MutatedBodies_AreAnsweredInTheProtocolsForm()
    {
        var random = new Random(7);
        var seen = new HashSet<string>();
        for (var round = 0; round < 1500; round++)
        {
            var (model, text, _) = bed.Requests[random.Next(bed.Requests.Count)];
            var body = Encoding.UTF8.GetBytes(text);
            for (var change = random.Next(1, 4); change > 0; change--)
                body = Mutate(body, random);
            var (status, answer) = await TorchServingBed.ServeAsync(bed.Client, model, body);
            seen.Add(Check(status, answer));
        }

        Assert.Contains("Success", seen);
        Assert.Contains("Invalid JSON", seen);
        Assert.Contains("Invalid Input JSON", seen);
    }

    private static string Check(int status, string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        var names = root.EnumerateObject().Select(static property => property.Name).ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(status, root.GetProperty("code").GetInt32());
        Assert.Equal(status switch { 200 => "OK", 400 => "Client Error", _ => "Server Error" }, root.GetProperty("message").GetString());
        var description = root.GetProperty("description").GetString()!;
        Assert.Contains(description, Descriptions);
        return description;
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        if (body.Length == 0)
            return body;
        var at = random.Next(body.Length);
        switch (random.Next(5))
        {
            case 0:
                return body[..at];
            case 1:
                return [.. body[..at], .. body[(at + 1)..]];
            case 2:
                return [.. body[..at], "[]{},:\"0.-e tn\\\uFFFD"u8.ToArray()[random.Next(17)], .. body[at..]];
            case 3:
                var to = random.Next(at, body.Length);
                return [.. body, .. body[at..to]];
            default:
                var changed = body.ToArray();
                changed[at] = (byte)random.Next(256);
                return changed;
        }
    }
}

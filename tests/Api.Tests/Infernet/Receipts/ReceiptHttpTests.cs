using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Granary.Api.Infernet.Receipts;
using Granary.Api.Tests.EndToEnd;
using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.Infernet.Receipts;

/// <summary>Receipts over the wire, checked by the scripts of docs/receipts.md word for word.</summary>
public sealed class ReceiptHttpTests
{
    private const string Row = "8.3252,41,6.984127,1.02381,322,2.555556,37.88,-122.23";
    private const string Body = """{"source":1,"data":{"input":{"dtype":"double","shape":[1,8],"values":[[""" + Row + "]]}}}";

    [Theory]
    [InlineData("secp256k1")]
    [InlineData("P-256")]
    public async Task ServiceOutput_ReceiptsOn_TheScriptOfTheDocsVerifiesTheHeader(string curve)
    {
        await using var server = await StartAsync($"--Granary:Receipts:Curve={curve}");
        var (header, body) = await AskAsync(server, Body);
        using var key = JsonDocument.Parse(await server.Client.GetStringAsync("/receipts/key"));
        var expected = await ExpectedKeyAsync(key.RootElement);

        var said = await VerifyAsync(header, body, expected);

        using var receipt = Decode(header);
        var root = receipt.RootElement;
        var weights = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(RealServer.Sample("california_housing.pt"))));
        Assert.StartsWith($"{root.GetProperty("key").GetString()} answered with default/1 (weights {weights}) at 20", said);
        Assert.Contains("libtorch", root.GetProperty("engine").GetString());
        Assert.EndsWith("; cpu", root.GetProperty("engine").GetString());
        Assert.StartsWith("Granary ", root.GetProperty("server").GetString());
    }

    [Fact]
    public async Task ServiceOutput_ReceiptsOn_TheScriptOfTheDocsComputesRequestAndOutput()
    {
        await using var server = await StartAsync();
        var (header, body) = await AskAsync(server, Body);
        using var answer = JsonDocument.Parse(body);
        var value = answer.RootElement.GetProperty("values")[0].GetRawText();

        var hashes = await NodeScript.RunAsync(
            NodeScript.FromPage("docs/receipts.md", "canonical.mjs") +
            $"console.log(request('default/1', 'forward', [1, 8], [{Row}])); console.log(output([1], [{value}]));");

        using var receipt = Decode(header);
        Assert.Equal(hashes, receipt.RootElement.GetProperty("request").GetString() + "\n" + receipt.RootElement.GetProperty("output").GetString());
    }

    [Theory]
    [InlineData("secp256k1")]
    [InlineData("P-256")]
    public async Task Verify_AnythingChanged_Fails(string curve)
    {
        await using var server = await StartAsync($"--Granary:Receipts:Curve={curve}");
        var (header, body) = await AskAsync(server, Body);
        using var key = JsonDocument.Parse(await server.Client.GetStringAsync("/receipts/key"));
        var expected = await ExpectedKeyAsync(key.RootElement);
        using var document = Decode(header);

        var (code, _, errors) = await TryVerifyAsync(header, body + " ", expected);
        Assert.True(code != 0 && errors.Contains("another answer", StringComparison.Ordinal), errors);
        foreach (var name in new[] { "weights", "request", "output", "input", "time", "server", "engine", "signature" })
        {
            var changed = Changed(document.RootElement, name);
            (code, _, errors) = await TryVerifyAsync(changed, body, expected);
            Assert.True(code != 0, name);
        }
    }

    [Fact]
    public async Task ServiceOutput_SameRequestTwice_SameHashes()
    {
        await using var server = await StartAsync();
        var (first, _) = await AskAsync(server, Body);
        // Written in another generation it is the same request to the same model.
        var (second, _) = await AskAsync(server, """{"source":1,"data":{"input":{"dtype":2,"shape":[1,8],"values":[""" + Row + "]}}}");
        var (third, _) = await AskAsync(server, Body.Replace("41", "42"));

        Assert.Equal(Hashes(first), Hashes(second));
        Assert.NotEqual(Hashes(first), Hashes(third));

        static (string?, string?, string?) Hashes(string header)
        {
            using var receipt = Decode(header);
            return (receipt.RootElement.GetProperty("weights").GetString(), receipt.RootElement.GetProperty("request").GetString(), receipt.RootElement.GetProperty("output").GetString());
        }
    }

    [Fact]
    public async Task ServiceOutput_ReceiptsOff_NoHeaderNoKeyNoFile()
    {
        var folder = Directory.CreateTempSubdirectory("granary-api-");
        await using (var server = await RealServer.StartInAsync(folder, true, RealServer.LocalModel(RealServer.Sample("california_housing.pt"))))
        {
            using var response = await server.Client.PostAsync("/service_output", new StringContent(Body));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.False(response.Headers.Contains(ReceiptIssuer.Header));
            using var key = await server.Client.GetAsync("/receipts/key");
            Assert.Equal(HttpStatusCode.NotFound, key.StatusCode);
        }

        Assert.Empty(folder.EnumerateFiles("*.pem", SearchOption.AllDirectories));
        folder.Delete(true);
    }

    [Fact]
    public async Task ServiceOutput_Error_HasNoReceipt()
    {
        await using var server = await StartAsync();
        using var response = await server.Client.PostAsync("/service_output", new StringContent("{}"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.False(response.Headers.Contains(ReceiptIssuer.Header));
    }

    [Fact]
    public async Task Start_Again_KeepsTheKeyThatOnlyTheServiceCanRead()
    {
        var folder = Directory.CreateTempSubdirectory("granary-api-");
        var keys = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            await using var server = await RealServer.StartInAsync(folder, true, [], "--Granary:Receipts:Enabled=true");
            keys.Add(await server.Client.GetStringAsync("/receipts/key"));
        }

        Assert.Equal(keys[0], keys[1]);
        var file = Assert.Single(folder.EnumerateFiles("*", SearchOption.AllDirectories), file => file.Name.StartsWith("node-key", StringComparison.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode);
        Assert.DoesNotContain("PRIVATE", keys[0]);
        folder.Delete(true);
    }

    [Theory]
    [InlineData("--Granary:Receipts:Curve=ed25519", "ed25519")]
    [InlineData("--Granary:Receipts:KeyFile=/dev/null", "/dev/null")]
    [InlineData("--Granary:Receipts:Enabled=false --Granary:Receipts:Proofs=true", "Proofs")]
    public async Task Start_WrongOption_IsRefusedAndNamed(string arguments, string named)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(async () => await (await StartAsync(arguments.Split(' '))).DisposeAsync());

        Assert.Contains(named, error.Message);
    }

    internal static Task<RealServer> StartAsync(params string[] arguments) =>
        RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("california_housing.pt")), ["--Granary:Receipts:Enabled=true", .. arguments]);

    internal static async Task<(string Header, string Body)> AskAsync(RealServer server, string body)
    {
        using var response = await server.Client.PostAsync("/service_output", new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return (Assert.Single(response.Headers.GetValues(ReceiptIssuer.Header)), text);
    }

    internal static JsonDocument Decode(string header) => JsonDocument.Parse(Base64Url.DecodeFromChars(header));

    internal static async Task<string> VerifyAsync(string header, string body, string expected)
    {
        var (code, output, errors) = await TryVerifyAsync(header, body, expected);
        Assert.True(code == 0, errors);
        return output;
    }

    private static async Task<(int Code, string Output, string Errors)> TryVerifyAsync(string header, string body, string expected)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, body);
        var result = await NodeScript.TryRunAsync(NodeScript.FromPage("docs/receipts.md", "verify.mjs"), header, file, expected);
        File.Delete(file);
        return result;
    }

    /// <summary>The address, or the file with a P-256 key.</summary>
    private static async Task<string> ExpectedKeyAsync(JsonElement key)
    {
        if (key.GetProperty("curve").GetString() == "secp256k1")
            return key.GetProperty("key").GetString()!;
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, key.GetProperty("public_key").GetString());
        return file;
    }

    private static string Changed(JsonElement receipt, string name)
    {
        var text = receipt.GetRawText();
        var value = receipt.GetProperty(name).GetRawText();
        var at = value.Length / 2;
        var other = value[at] == '1' ? '2' : '1';
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text.Replace($"\"{name}\":{value}", $"\"{name}\":{value[..at]}{other}{value[(at + 1)..]}")));
    }
}

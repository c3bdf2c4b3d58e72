using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Granary.Serving.Sources.Blob;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Sources.Blob;

/// <summary>npm azurite on a port of the system's choice, one process for a class of tests, with a way to put blobs into it.</summary>
public class Azurite : IAsyncLifetime
{
    public const string AccountName = "devstoreaccount1";
    public const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly TempDirectory _temp = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } });
    private Process? _process;
    private int _containers;

    /// <summary>Address of the service, without the account.</summary>
    public Uri Address { get; private set; } = null!;

    public string Endpoint => $"{Address.GetLeftPart(UriPartial.Authority)}/{AccountName}";

    public string ConnectionString => $"AccountName={AccountName};AccountKey={AccountKey};BlobEndpoint={Endpoint}";

    protected virtual bool WithTokens => false;

    public async Task InitializeAsync()
    {
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = _temp.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in Arguments())
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        var lines = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (Regex.Match(line, @"successfully listens on (https?://[\d.:]+)") is not { Success: true } match)
                continue;
            Address = new Uri(match.Groups[1].Value);
            // Nobody else reads what it prints, and a full pipe would stop it.
            _ = _process.StandardOutput.ReadToEndAsync();
            _ = _process.StandardError.ReadToEndAsync();
            return;
        }

        throw new InvalidOperationException($"azurite did not start: {string.Join('\n', lines)}{await _process.StandardError.ReadToEndAsync()}; ./test installs it into tests/node");
    }

    public async Task DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _http.Dispose();
        _temp.Dispose();
    }

    /// <summary>Makes a container of its own for a test.</summary>
    public async Task<string> ContainerAsync(bool isPublic = false)
    {
        var name = $"c{Interlocked.Increment(ref _containers)}-weights";
        await SendAsync(HttpMethod.Put, $"{name}?restype=container", null, isPublic ? [("x-ms-blob-public-access", "blob")] : []);
        return name;
    }

    /// <summary>Puts a blob; its Content-MD5 is the truth unless a header says otherwise.</summary>
    public Task PutAsync(string container, string path, byte[] content, params (string Name, string Value)[] headers)
        => SendAsync(HttpMethod.Put, $"{container}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}", content, [("x-ms-blob-type", "BlockBlob"), .. headers]);

    public Task DeleteAsync(string container, string path) => SendAsync(HttpMethod.Delete, $"{container}/{path}", null, []);

    /// <summary>A shared access signature for everything that reading needs, or less.</summary>
    /// <remarks>https://learn.microsoft.com/rest/api/storageservices/create-service-sas, version 2020-12-06.</remarks>
    public static string Sas(string container, DateTimeOffset expiry, string permissions = "rl")
    {
        var until = expiry.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string[] fields = [permissions, "", until, $"/blob/{AccountName}/{container}", "", "", "", "2020-12-06", "c", "", "", "", "", "", "", ""];
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(AccountKey), Encoding.UTF8.GetBytes(string.Join('\n', fields))));
        return $"sv=2020-12-06&sr=c&sp={permissions}&se={Uri.EscapeDataString(until)}&sig={Uri.EscapeDataString(signature)}";
    }

    private IEnumerable<string> Arguments()
    {
        yield return Path.Combine(NodeModules(), "azurite", "dist", "src", "blob", "main.js");
        foreach (var argument in (string[])["--blobPort", "0", "--silent", "--disableTelemetry", "--inMemoryPersistence"])
            yield return argument;
        if (!WithTokens)
            yield break;
        foreach (var argument in (string[])["--oauth", "basic", "--cert", Certificate("cert.pem"), "--key", Path.Combine(_temp.Path, "key.pem")])
            yield return argument;
    }

    private string Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        File.WriteAllText(Path.Combine(_temp.Path, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(_temp.Path, name), certificate.ExportCertificatePem());
        return Path.Combine(_temp.Path, name);
    }

    private async Task SendAsync(HttpMethod method, string path, byte[]? content, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, $"{Endpoint}/{path}");
        if (method == HttpMethod.Put)
            request.Content = new ByteArrayContent(content ?? []);
        request.Headers.Add("x-ms-version", "2023-11-03");
        request.Headers.Add("x-ms-date", DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture));
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        var signed = request.Headers.Select(static header => KeyValuePair.Create(header.Key, string.Join(',', header.Value))).ToList();
        if (content is { Length: > 0 })
            signed.Add(KeyValuePair.Create("Content-Length", content.Length.ToString(CultureInfo.InvariantCulture)));
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(SharedKeySignature.Authorization(
            AccountName, Convert.FromBase64String(AccountKey), method.Method, request.RequestUri!, signed));
        using var response = await _http.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, $"azurite answered {response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    private static string NodeModules([CallerFilePath] string here = "")
    {
        var directory = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (directory is not null && directory.Name != "tests")
            directory = directory.Parent;
        return Path.Combine(directory!.FullName, "node", "node_modules");
    }
}

/// <summary>One that takes bearer tokens, and therefore TLS.</summary>
public sealed class AzuriteWithTokens : Azurite
{
    protected override bool WithTokens => true;
}

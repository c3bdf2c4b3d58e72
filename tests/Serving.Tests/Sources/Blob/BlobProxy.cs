namespace Granary.Serving.Tests.Sources.Blob;

/// <summary>Stands before azurite and hands everything through, except what a test tampers with.</summary>
internal sealed class BlobProxy : IAsyncDisposable
{
    private readonly HttpClient _http = new();

    public BlobProxy(Azurite azurite) => Server.Handler = request => Tamper(request, Forward(azurite, request));

    public FakeServer Server { get; } = new();

    public string Endpoint => $"{Server.Address}/{Azurite.AccountName}";

    /// <summary>Changes an answer before it is sent.</summary>
    public Func<FakeRequest, FakeResponse, FakeResponse> Tamper { get; set; } = static (_, response) => response;

    public IEnumerable<FakeRequest> Gets(string name)
        => Server.Requests.Where(request => request.Method == "GET" && request.Path.Contains(name, StringComparison.Ordinal));

    public static FakeResponse Error(int status, string code, params (string Name, string Value)[] headers)
    {
        var response = new FakeResponse { Status = status };
        response.Headers["x-ms-error-code"] = code;
        response.Headers["x-ms-request-id"] = "11111111-2222-3333-4444-555555555555";
        foreach (var (name, value) in headers)
            response.Headers[name] = value;
        return response;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _http.Dispose();
    }

    private FakeResponse Forward(Azurite azurite, FakeRequest request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), azurite.Address.GetLeftPart(UriPartial.Authority) + request.Path);
        foreach (var (name, value) in request.Headers)
        {
            if (name is not ("Host" or "Connection"))
                message.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = _http.Send(message);
        var body = new MemoryStream();
        answer.Content.ReadAsStream().CopyTo(body);
        var response = new FakeResponse { Status = (int)answer.StatusCode, Body = body.ToArray() };
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (name is not ("Transfer-Encoding" or "Connection" or "Keep-Alive"))
                response.Headers[name] = values.ToString();
        }

        return response;
    }
}

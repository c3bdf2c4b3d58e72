using System.Globalization;

namespace Granary.Bench.Perf;

/// <summary>What to send, where to and how fast.</summary>
internal sealed class Arguments
{
    public const string Usage = """
        Measures any server of the Open Inference protocol (KServe V2): Triton, KServe, Granary.

          -m MODEL                  model to ask
          -x VERSION                its version; default: the server's
          -u HOST:PORT              default 127.0.0.1:3000
          -i http|grpc              transport; default http
          -f json|binary            form of tensors over http; default binary
          -b N                      rows of a request, for models with a batch dimension; default 1
          --shape NAME:1,3,32,32    sizes of an input whose metadata leaves them open; may be repeated
          --json-bytes N            pads JSON bodies with spaces to N bytes
          --body FILE               sends this JSON file instead
          --path PATH               posts to this path instead of the model's, such as another protocol's; needs --body
          --concurrency 1,8,32      closed loop: so many requests in flight, each level in turn; default 1
          --rate R                  open loop: R requests a second, latency counted from when each was due
          --duration SECONDS        of each measurement; default 5
          --warmup SECONDS          before each; default 1
          --json FILE               writes the figures there too
        """;

    public string Model { get; private set; } = "";

    public string Version { get; private set; } = "";

    public string Host { get; private set; } = "127.0.0.1";

    public int Port { get; private set; } = 3000;

    public bool Grpc { get; private set; }

    public bool Json { get; private set; }

    public int Rows { get; private set; } = 1;

    public Dictionary<string, long[]> Shapes { get; } = [];

    public int JsonBytes { get; private set; }

    public string? Body { get; private set; }

    public string? Path { get; private set; }

    public int[] Concurrency { get; private set; } = [1];

    public double Rate { get; private set; }

    public TimeSpan Duration { get; private set; } = TimeSpan.FromSeconds(5);

    public TimeSpan WarmUp { get; private set; } = TimeSpan.FromSeconds(1);

    public string? Report { get; private set; }

    public static Arguments Parse(string[] given)
    {
        var arguments = new Arguments();
        for (var i = 0; i < given.Length; i++)
        {
            var (name, value) = given[i].Split('=', 2) is [var left, var right] ? (left, right)
                : i + 1 < given.Length ? (given[i], given[++i]) : throw new FormatException($"{given[i]} needs a value");
            arguments.Set(name, value);
        }

        if (arguments.Path is not null && arguments.Body is null)
            throw new FormatException("--path needs --body");
        if (arguments.Model.Length == 0 && arguments.Path is null)
            throw new FormatException("-m is missing: which model?");
        if (arguments.Grpc && (arguments.Json || arguments.Body is not null))
            throw new FormatException("gRPC has no JSON");
        return arguments;
    }

    private void Set(string name, string value)
    {
        switch (name)
        {
            case "-m": Model = value; break;
            case "-x": Version = value; break;
            case "-u": (Host, Port) = (value[..value.LastIndexOf(':')], Whole(value[(value.LastIndexOf(':') + 1)..])); break;
            case "-i": Grpc = Choice(name, value, "http", "grpc"); break;
            case "-f": Json = !Choice(name, value, "json", "binary"); break;
            case "-b": Rows = Whole(value); break;
            case "--shape": Shapes[value[..value.IndexOf(':')]] = [.. value[(value.IndexOf(':') + 1)..].Split(',').Select(size => (long)Whole(size))]; break;
            case "--json-bytes": (JsonBytes, Json) = (Whole(value), true); break;
            case "--body": (Body, Json) = (value, true); break;
            case "--path": Path = value; break;
            case "--concurrency": Concurrency = [.. value.Split(',').Select(Whole)]; break;
            case "--rate": Rate = double.Parse(value, CultureInfo.InvariantCulture); break;
            case "--duration": Duration = Seconds(value); break;
            case "--warmup": WarmUp = Seconds(value); break;
            case "--json": Report = value; break;
            default: throw new FormatException($"unknown option {name}");
        }
    }

    private static bool Choice(string name, string value, string no, string yes) =>
        value == yes || (value == no ? false : throw new FormatException($"{name} is {no} or {yes}"));

    private static int Whole(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));
}

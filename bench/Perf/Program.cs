using System.Globalization;
using System.Text.Json;
using Granary.Bench.Perf;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length == 0 || args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Arguments.Usage);
    return args.Length == 0 ? 2 : 0;
}

try
{
    var arguments = Arguments.Parse(args);
    var open = await RequestAsync(arguments);
    Console.WriteLine($"{"in flight",-12} {"requests/s",12} {"mean ms",9} {"p50",9} {"p90",9} {"p95",9} {"p99",9} {"max",9} {"errors",7}");
    var rows = new List<object>();
    if (arguments.Rate > 0)
        rows.Add(Print($"{arguments.Rate:0.#}/s", await Load.OpenAsync(open, arguments.Rate, arguments.WarmUp, arguments.Duration)));
    foreach (var level in arguments.Rate > 0 ? [] : arguments.Concurrency)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, level).Select(_ => open()));
        rows.Add(Print($"{level}", await Load.ClosedAsync(connections, arguments.WarmUp, arguments.Duration)));
        foreach (var connection in connections)
            connection.Dispose();
    }

    if (arguments.Report is { } file)
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(rows));
    return 0;
}
catch (Exception exception) when (exception is FormatException or IOException or HttpRequestException or System.Net.Sockets.SocketException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

static async Task<Func<Task<IConnection>>> RequestAsync(Arguments arguments)
{
    if (arguments.Body is { } file)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        Console.WriteLine($"{arguments.Model}: {bytes.Length:N0} bytes of JSON from {file}");
        return async () => await HttpConnection.OpenAsync(arguments, bytes, 0);
    }

    var inputs = await ModelMetadata.ReadAsync(arguments);
    var (body, header) = arguments.Grpc ? (Bodies.Grpc(arguments, inputs), 0) : arguments.Json ? (Bodies.Json(inputs, arguments.JsonBytes), 0) : Bodies.Binary(inputs);
    Console.WriteLine($"{arguments.Model}: {string.Join(", ", inputs.Select(input => $"{input.Name} {input.Datatype} [{string.Join(',', input.Shape)}]"))}; {body.Length:N0} bytes of {(arguments.Grpc ? "gRPC" : arguments.Json ? "JSON" : "JSON and binary")}");
    return arguments.Grpc ? async () => await GrpcConnection.OpenAsync(arguments, body) : async () => await HttpConnection.OpenAsync(arguments, body, header);
}

static object Print(string level, Latencies latencies)
{
    double Ms(double share) => latencies.Percentile(share);
    Console.WriteLine($"{level,-12} {latencies.PerSecond,12:N1} {latencies.MeanMs,9:N3} {Ms(.5),9:N3} {Ms(.9),9:N3} {Ms(.95),9:N3} {Ms(.99),9:N3} {Ms(1),9:N3} {latencies.Errors,7}");
    return new { level, perSecond = latencies.PerSecond, meanMs = latencies.MeanMs, p50 = Ms(.5), p90 = Ms(.9), p95 = Ms(.95), p99 = Ms(.99), max = Ms(1), errors = latencies.Errors };
}

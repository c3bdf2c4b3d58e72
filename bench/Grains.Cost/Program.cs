using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Granary.Grains;
using Granary.Grains.Interfaces;
using Granary.Grains.Interfaces.Contracts;
using Granary.Grains.Interfaces.Payloads;
using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Devices;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Weights;
using Granary.Torch;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;

// What the way to a grain costs: the California-housing model called in this process, through a grain of the same silo, and by a
// client over TCP; then 600 KB tensors from 32 callers. One process, so that all share the same machine at the same moment.
// Usage: dotnet run -c Release --project bench/Grains.Cost -- PATH/TO/california_housing.pt
var model = Path.GetFullPath(args.Length > 0 ? args[0] : "samples/models/california_housing.pt");
var definition = new ModelDefinition
{
    Name = "california",
    Version = "1",
    Source = new ModelId(ModelSourceKind.Local, model, null, null),
    Trusted = true,
};
var folder = Directory.CreateTempSubdirectory("granary-cost-").FullName;
var (siloPort, gatewayPort) = (FreePort(), FreePort());

var silo = Host.CreateApplicationBuilder();
silo.Logging.ClearProviders();
AddServing(silo.Services, folder);
silo.UseOrleans(orleans =>
{
    orleans.UseLocalhostClustering(siloPort, gatewayPort);
    orleans.AddMemoryGrainStorage("catalog");
    orleans.UseSiloMetadata(new Dictionary<string, string> { ["accelerator"] = "none" });
    orleans.AddGranaryGrains();
});
using var siloHost = silo.Build();
await siloHost.StartAsync();

var client = Host.CreateApplicationBuilder();
client.Logging.ClearProviders();
client.UseOrleansClient(orleans => orleans.UseLocalhostClustering(gatewayPort).Configure<ClusterOptions>(_ => { }));
using var clientHost = client.Build();
await clientHost.StartAsync();

var grains = clientHost.Services.GetRequiredService<IClusterClient>();
await grains.GetGrain<ICatalogGrain>(ICatalogGrain.Key).RegisterAsync(definition, makeDefault: true);
var inSilo = siloHost.Services.GetRequiredService<IGrainFactory>().GetGrain<ICpuModelGrain>("california/1");
var remote = grains.GetGrain<ICpuModelGrain>("california/1");
await remote.LoadAsync(0, CancellationToken.None);
await using var local = new ModelActivation(definition, siloHost.Services.GetRequiredService<IModelLoader>(), siloHost.Services.GetRequiredService<ActivationHost>(), TimeProvider.System, siloHost.Services.GetRequiredService<ILogger<ModelActivation>>());
await local.WaitReadyAsync();

// One call of each kind in turn, each behind an empty call: a slow moment of the machine hits all, and each finds the caches as
// other work left them, as in a server. Alone in a loop the model itself is several times quicker; that figure stands beside.
var hot = await MeasureAsync(8000, [InProcessAsync]);
Func<Task> empty = () => remote.HoldsAsync(1);
var turns = await MeasureAsync(10000, [empty, InProcessAsync, empty, () => CallAsync(inSilo, 1), empty, () => CallAsync(remote, 1)]);
Print("in process, nothing between", hot[0], hot[0]);
Print("in process", turns[1], turns[1]);
Print("grain of the same silo", turns[3], turns[1]);
Print("client to silo, empty call", turns[2], null);
Print("client to silo over TCP", turns[5], turns[1]);
Console.WriteLine();
foreach (var rows in new[] { 9600 })
{
    var rates = new List<double>();
    for (var round = 0; round < 4; round++)
        rates.Add(await RateAsync(32, TimeSpan.FromSeconds(3), () => CallAsync(remote, rows)));
    Console.WriteLine($"{rows * 64 / 1000} KB tensors, client to silo, 32 callers: best {rates.Max():N0}, median {rates.Order().ElementAt(rates.Count / 2):N0} calls/s");
}

await clientHost.StopAsync();
await siloHost.StopAsync();
Directory.Delete(folder, recursive: true);

async Task InProcessAsync()
{
    using var x = Input(1);
    using var result = await local.InferAsync(new InferenceRequest { Inputs = [new Argument(null, x)] });
}

static void AddServing(IServiceCollection services, string folder)
{
    services.AddModelSources();
    services.AddWeightsStore(options => options.Directory = folder);
    services.AddModelActivations();
    services.AddAccelerators();
    services.AddOptions<AdHocModelOptions>();
}

static Tensor Input(int rows)
{
    var x = Tensor.Rent(DType.Float64, [rows, 8]);
    double[] row = [8.3252, 41, 6.984127, 1.02381, 322, 2.555556, 37.88, -122.23];
    for (var i = 0; i < rows; i++)
        row.CopyTo(x.As<double>()[(i * 8)..]);
    return x;
}

static async Task CallAsync(IModelGrain grain, int rows)
{
    var x = Input(rows);
    var reply = await grain.InferAsync(new InferCall { Inputs = [new ValuePayload(x, x)], Method = "forward", CallId = Random.Shared.NextInt64() }, CancellationToken.None);
    using var result = reply.Result;
    var price = ((Tensor)result.Value).As<double>()[rows - 1];
    if (Math.Abs(price - 4.151943) > 1e-5)
        throw new InvalidOperationException($"wrong answer {price}");
}

static async Task<double[][]> MeasureAsync(int rounds, Func<Task>[] calls)
{
    for (var i = 0; i < 2000; i++)
    {
        foreach (var call in calls)
            await call();
    }

    var micros = calls.Select(_ => new double[rounds]).ToArray();
    for (var i = 0; i < rounds; i++)
    {
        for (var kind = 0; kind < calls.Length; kind++)
        {
            var started = Stopwatch.GetTimestamp();
            await calls[kind]();
            micros[kind][i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }
    }

    foreach (var kind in micros)
        Array.Sort(kind);
    return micros;
}

static async Task<double> RateAsync(int callers, TimeSpan time, Func<Task> call)
{
    var done = 0;
    var watch = Stopwatch.StartNew();
    await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
    {
        while (watch.Elapsed < time)
        {
            await call();
            Interlocked.Increment(ref done);
        }
    })));
    return done / watch.Elapsed.TotalSeconds;
}

static void Print(string name, double[] micros, double[]? baseline)
{
    var p50 = micros[micros.Length / 2];
    var adds = baseline is null ? "" : $"   adds {p50 - baseline[baseline.Length / 2],6:N1} µs p50";
    Console.WriteLine($"{name,-28} p50 {p50,8:N1} µs   p99 {micros[micros.Length * 99 / 100],8:N1} µs{adds}");
}

static int FreePort()
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    return ((IPEndPoint)listener.LocalEndpoint).Port;
}

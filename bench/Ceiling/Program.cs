using Granary.Ceiling;

// The ceiling: what Kestrel, a JSON reader and libtorch allow when nothing stands between them. It serves one model
// of a known dtype and shape, checks nothing, and runs forward on the thread that read the request.
//
//   Granary.Ceiling HOST:PORT MODEL.pt float|double SHAPE [optimize]        SHAPE such as 1,3,32,32
var (bind, path, dtype, shape) = (args[0], args[1], args[2], args[3]);
var model = new Model(path, dtype, [.. shape.Split(',').Select(long.Parse)], optimize: args.Contains("optimize"));

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://{bind}");
var app = builder.Build();
app.MapPost("/service_output", new JsonEndpoint(model).HandleAsync);
app.MapPost("/raw", new RawEndpoint(model).HandleAsync);
app.Run();

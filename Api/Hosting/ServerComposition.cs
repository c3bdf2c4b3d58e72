using Granary.Api.Grpc;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Granary.Api.Hosting;

/// <summary>The web server, its options and what runs beside it.</summary>
internal static class ServerComposition
{
    /// <summary>A builder with configuration in the order: appsettings.json, start-up variables, variables such as <c>Granary__Server__Workers</c>, flags.</summary>
    public static WebApplicationBuilder CreateBuilder(StartupOptions startup)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Settings stand beside the program, wherever it is started from; watching them for changes costs start-up time.
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Configuration.AddInMemoryCollection(startup.FromEnvironment);
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddInMemoryCollection(startup.FromCommandLine);
        var logLevels = new LogLevels();
        logLevels.AddTo(builder.Configuration);
        builder.Services.AddSingleton(logLevels);
        builder.AddServer(startup);
        return builder;
    }

    /// <summary>Builds, and checks all options before anything is resolved that would stop at the first wrong value it meets.</summary>
    /// <exception cref="OptionsValidationException">One options class has mistakes.</exception>
    /// <exception cref="AggregateException">Several have.</exception>
    public static WebApplication BuildChecked(this WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.Services.GetService<IStartupValidator>()?.Validate();
        return app;
    }

    private static void AddServer(this WebApplicationBuilder builder, StartupOptions startup)
    {
        var services = builder.Services;
        var section = builder.Configuration.GetSection(ServerOptions.SectionName);
        services.AddOptions<ServerOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidator>();
        services.AddSingleton(startup);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<DefaultModelState>();
        services.AddHostedService<DefaultModelService>();
        // A start that fails is told by StartupRunner in one line.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Building the server must not fail on a wrong value: the check of all options together comes right after it.
        var options = section.Get<ServerOptions>() ?? new ServerOptions();
        if (options.Validate().Any())
            return;
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        AddressedServer.Decorate(services);
        services.AddSingleton<IConnectionListenerFactory, Http2EndPointFactory>();
        builder.WebHost.ConfigureKestrel(kestrel => KestrelSetup.Apply(kestrel, options, kestrel.ApplicationServices.GetRequiredService<IOptions<GrpcOptions>>().Value));
    }

    private sealed class ServerOptionsValidator : IValidateOptions<ServerOptions>
    {
        public ValidateOptionsResult Validate(string? name, ServerOptions options)
        {
            var errors = options.Validate().ToList();
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}

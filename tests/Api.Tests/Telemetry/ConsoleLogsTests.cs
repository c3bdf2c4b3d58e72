using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Granary.Api.Tests.Telemetry;

public sealed class ConsoleLogsTests
{
    [Theory]
    [InlineData(false, null, "json")]
    [InlineData(true, null, "simple")]
    [InlineData(false, "systemd", "systemd")]
    [InlineData(true, "json", "json")]
    public void Configure_Formatter_ByAudienceUnlessConfigured(bool interactive, string? configured, string expected)
    {
        using var services = Build(interactive, ("Logging:Console:FormatterName", configured));
        Assert.Equal(expected, services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
    }

    [Theory]
    [InlineData(false, "json")]
    [InlineData(true, "simple")]
    public async Task Configure_SlimHost_ReplacesItsChoice(bool interactive, string expected)
    {
        var builder = WebApplication.CreateSlimBuilder();
        ConsoleLogs.Configure(builder.Logging, builder.Configuration, interactive);
        await using var app = builder.Build();
        Assert.Equal(expected, app.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
        Assert.Single(app.Services.GetServices<ILoggerProvider>());
    }

    [Fact]
    public void Json_Entry_OneLineWithUtcTime()
    {
        using var services = Build(false);
        var formatter = services.GetServices<ConsoleFormatter>().Single(one => one.Name == "json");
        using var writer = new StringWriter();
        formatter.Write(new LogEntry<string>(LogLevel.Warning, "Cat", 7, "line\nbreak", null, (state, _) => state), null, writer);
        var line = writer.ToString();
        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
        using var entry = JsonDocument.Parse(line);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", entry.RootElement.GetProperty("Timestamp").GetString());
        Assert.Equal("line\nbreak", entry.RootElement.GetProperty("Message").GetString());
        Assert.Equal("Warning", entry.RootElement.GetProperty("LogLevel").GetString());
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Critical, false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Information, false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, true)]
    [InlineData("Granary.Api.Admin.AdminActions", LogLevel.Information, true)]
    public void Configure_Levels_QuietPerRequest(string category, LogLevel level, bool enabled)
    {
        using var services = Build(false);
        Assert.Equal(enabled, services.GetRequiredService<ILoggerFactory>().CreateLogger(category).IsEnabled(level));
    }

    [Fact]
    public void Configure_LevelOfTheOperator_Wins()
    {
        using var services = Build(false, ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Information"));
        Assert.True(services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Information));
    }

    private static ServiceProvider Build(bool interactive, params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value))).Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddLogging(logging =>
        {
            logging.AddConfiguration(configuration.GetSection("Logging"));
            ConsoleLogs.Configure(logging, configuration, interactive);
        });
        return services.BuildServiceProvider();
    }
}

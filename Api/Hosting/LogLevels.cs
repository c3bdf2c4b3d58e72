namespace Granary.Api.Hosting;

/// <summary>The level from which on the log tells things, changeable while the service runs: the last word in the configuration.</summary>
internal sealed class LogLevels : ConfigurationProvider, IConfigurationSource
{
    private const string Default = "Logging:LogLevel:Default";
    private Func<string?> _configured = static () => null;

    /// <summary>The level now.</summary>
    public LogLevel Level => Enum.TryParse<LogLevel>(_configured(), ignoreCase: true, out var level) ? level : LogLevel.Information;

    /// <summary>Adds it to a configuration that is complete otherwise.</summary>
    public void AddTo(ConfigurationManager configuration)
    {
        ((IConfigurationBuilder)configuration).Add(this);
        _configured = () => configuration[Default];
    }

    /// <summary>Changes the level of everything that has no level of its own.</summary>
    public void Set(LogLevel level)
    {
        Set(Default, level.ToString());
        OnReload();
    }

    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}

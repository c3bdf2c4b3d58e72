using Granary.Api.Hosting;
using Granary.Serving;

namespace Granary.Api.OpenInference;

/// <summary>
/// The logging extension. Triton switches its levels one by one; here a level stands for all above it, so switches that contradict
/// that are refused. Source: Triton, <c>docs/protocol/extension_logging.md</c>.
/// </summary>
internal sealed class V2LogSettings(LogLevels levels)
{
    private const int VerboseLevels = 2;
    private readonly Lock _sync = new();

    /// <summary>What is logged now.</summary>
    public V2LogState State => new(levels.Level);

    /// <summary>Changes what is given; null leaves a switch as it is.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the switches contradict each other.</exception>
    public V2LogState Update(bool? info, bool? warning, bool? error, int? verbose)
    {
        lock (_sync)
        {
            var now = State;
            var (wantsInfo, wantsWarning, wantsError) = (info ?? now.Info, warning ?? now.Warning, error ?? now.Error);
            var level = verbose ?? now.Verbose;
            if (level < 0)
                throw V2Errors.Invalid($"log_verbose_level is {level}; it must be 0 or more");
            if ((wantsInfo && !wantsWarning) || (wantsWarning && !wantsError))
                throw V2Errors.Invalid("log_info needs log_warning, and log_warning needs log_error: this server's log has levels, not switches");
            if (level > 0 && !wantsInfo)
                throw V2Errors.Invalid("log_verbose_level above 0 needs log_info");
            levels.Set(level >= VerboseLevels ? LogLevel.Trace : level > 0 ? LogLevel.Debug
                : wantsInfo ? LogLevel.Information : wantsWarning ? LogLevel.Warning : wantsError ? LogLevel.Error : LogLevel.None);
            return State;
        }
    }
}

/// <summary>Triton's switches, as a level sets them.</summary>
internal readonly record struct V2LogState(LogLevel Level)
{
    /// <summary>Whether information is logged.</summary>
    public bool Info => Level <= LogLevel.Information;

    /// <summary>Whether warnings are logged.</summary>
    public bool Warning => Level <= LogLevel.Warning;

    /// <summary>Whether errors are logged.</summary>
    public bool Error => Level <= LogLevel.Error;

    /// <summary>0; 1 with what helps to find faults; 2 with everything.</summary>
    public int Verbose => Level == LogLevel.Trace ? 2 : Level == LogLevel.Debug ? 1 : 0;
}

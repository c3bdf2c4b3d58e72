namespace Granary.Serving.Activations;

/// <summary>What to do with the calls that wait.</summary>
/// <param name="Calls">How many of the first ones make the next batch; 0 when nobody waits.</param>
/// <param name="Rows">Their rows; 0 when the one call must run alone.</param>
/// <param name="Wait">How long to wait for company before looking again, in units of timestamps; 0 to run them now.</param>
internal readonly record struct BatchPlan(int Calls, int Rows, long Wait)
{
    public bool IsDue => Calls > 0 && Wait == 0;
}

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>Waits for a grain call without waiting for ever: a call whose silo died is noticed and ends as lost.</summary>
internal static class CallGuard
{
    /// <summary>How long a call may take before its grain is asked whether it still has it; and how often.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The call's result.</summary>
    /// <param name="call">The call, under way.</param>
    /// <param name="grain">Where it went.</param>
    /// <param name="callId">Its id.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="LostCallException">The grain lives elsewhere by now and does not have the call.</exception>
    public static Task<T> WaitAsync<T>(Task<T> call, IModelGrain grain, long callId, TimeProvider time) =>
        call.IsCompleted ? call : WaitLongAsync(call, grain, callId, time);

    private static async Task<T> WaitLongAsync<T>(Task<T> call, IModelGrain grain, long callId, TimeProvider time)
    {
        while (true)
        {
            try
            {
                return await call.WaitAsync(Patience, time);
            }
            catch (TimeoutException) when (!call.IsCompleted)
            {
                if (await IsThereAsync(grain, callId))
                    continue;
            }

            // The answer may have crossed the question.
            await Task.WhenAny(call, Task.Delay(Patience, time));
            if (call.IsCompleted)
                return await call;
            _ = call.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new LostCallException();
        }
    }

    private static async Task<bool> IsThereAsync(IModelGrain grain, long callId)
    {
        try
        {
            return await grain.HoldsAsync(callId);
        }
        catch (Exception error) when (error is TimeoutException || RetryPolicy.IsLostSilo(error))
        {
            // Nobody knows yet: the cluster is still finding out that the silo is gone.
            return true;
        }
    }
}

/// <summary>The silo that had the call is gone, and the call with it.</summary>
internal sealed class LostCallException() : Exception("the silo went away with the call");

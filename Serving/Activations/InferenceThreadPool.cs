using Microsoft.Extensions.Logging;

namespace Granary.Serving.Activations;

/// <summary>
/// The dedicated threads that block in native calls, so that the .NET thread pool never does. Shared by all models of the host and
/// served first come, first served: a model posts one ticket per free instance and goes to the end of the line after each
/// call, so a busy model cannot starve the others.
/// </summary>
internal sealed partial class InferenceThreadPool(int threads, IInferenceRuntime runtime, ILogger logger) : IDisposable
{
    [ThreadStatic]
    private static bool _warm;

    private readonly Queue<IInferenceWork> _queue = new();
    private int _idle;
    private bool _started;
    private bool _stopped;

    /// <summary>How many threads there are.</summary>
    public int Size { get; } = threads > 0 ? threads : Environment.ProcessorCount;

    /// <summary>What runs the models; see <see cref="IInferenceRuntime.Engine"/>.</summary>
    public string Engine => runtime.Engine;

    /// <summary>Starts the threads unless they run already; they warm themselves in the background.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _started))
            return;
        lock (_queue)
        {
            if (_started || _stopped)
                return;
            if (runtime.ThreadWarning is { } warning)
                LogThreads(warning);
            for (var i = 0; i < Size; i++)
                new Thread(Loop) { IsBackground = true, Name = $"inference-{i}" }.Start();
            Volatile.Write(ref _started, true);
        }
    }

    /// <summary>Adds one unit of work to the end of the line.</summary>
    public void Post(IInferenceWork work)
    {
        Start();
        lock (_queue)
        {
            _queue.Enqueue(work);
            if (_idle > 0)
                Monitor.Pulse(_queue);
        }
    }

    /// <summary>Prepares the calling thread for inline calls; free after the first time.</summary>
    public void WarmThisThread()
    {
        if (!_warm)
            Warm();
    }

    /// <summary>Lets the threads finish what is queued and end.</summary>
    public void Dispose()
    {
        lock (_queue)
        {
            _stopped = true;
            Monitor.PulseAll(_queue);
        }
    }

    private void Loop()
    {
        Warm();
        while (Take() is { } work)
        {
            try
            {
                work.Execute();
            }
            catch (Exception exception)
            {
                LogDefect(exception);
            }
        }
    }

    private IInferenceWork? Take()
    {
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                if (_stopped)
                    return null;
                _idle++;
                Monitor.Wait(_queue);
                _idle--;
            }

            return _queue.Dequeue();
        }
    }

    private void Warm()
    {
        _warm = true;
        try
        {
            runtime.WarmThread();
        }
        catch (Exception exception)
        {
            // A missing library shows in the load itself, with a message for the caller.
            LogNotWarm(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogThreads(string warning);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An inference thread could not be warmed.")]
    private partial void LogNotWarm(Exception exception);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Work on an inference thread threw; this is a defect.")]
    private partial void LogDefect(Exception exception);
}

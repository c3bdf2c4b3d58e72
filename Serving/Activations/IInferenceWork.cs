namespace Granary.Serving.Activations;

/// <summary>One unit of work for an inference thread.</summary>
internal interface IInferenceWork
{
    /// <summary>Runs on an inference thread; must not throw.</summary>
    void Execute();
}

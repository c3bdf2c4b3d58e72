using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>The arguments that the instances of a request became. Dispose after the call.</summary>
/// <param name="Inputs">Positional, or named where the instances are objects.</param>
/// <param name="IsColumnar">Whether they came as columns, which asks for an answer in columns.</param>
internal readonly record struct V1Request(Argument[] Inputs, bool IsColumnar = false) : IDisposable
{
    /// <summary>Gives the tensors back.</summary>
    public void Dispose()
    {
        foreach (var input in Inputs)
            input.Value.Dispose();
    }
}

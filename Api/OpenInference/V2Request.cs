using Granary.Serving.Formats.Triton.Config;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>One inference request, understood, whichever transport brought it. Disposing it gives its tensors back.</summary>
internal sealed class V2Request : IDisposable
{
    /// <summary>The caller's name for the request; empty when it has none.</summary>
    public string Id { get; set; } = "";

    /// <summary>The tensors in the order they came in.</summary>
    public List<V2Input> Inputs { get; } = [];

    /// <summary>The outputs that are wanted; empty for all.</summary>
    public List<V2Output> Outputs { get; } = [];

    /// <summary>Whether outputs that are not listed are wanted in binary form.</summary>
    public bool BinaryOutputs { get; set; }

    /// <summary>1 is the highest; 0 for the model's default.</summary>
    public ulong Priority { get; set; }

    /// <summary>How long the request may wait, in microseconds; 0 for the model's default.</summary>
    public long TimeoutMicroseconds { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var input in Inputs)
            input.Value.Dispose();
        Inputs.Clear();
    }
}

/// <summary>One input.</summary>
/// <param name="Name">As the caller calls it.</param>
/// <param name="Datatype">Element type; strings are the protocol's BYTES.</param>
/// <param name="Shape">Sizes, the batch first where the model batches.</param>
/// <param name="Value">A tensor of that shape; for BYTES a list of strings, row-major.</param>
internal readonly record struct V2Input(string Name, DataType Datatype, long[] Shape, Value Value);

/// <summary>One output that is wanted.</summary>
/// <param name="Name">As the model calls it.</param>
/// <param name="Binary">In binary form; null when the caller did not say.</param>
/// <param name="Classes">How many of the best classes to name instead of the numbers; 0 for the numbers.</param>
internal readonly record struct V2Output(string Name, bool? Binary, int Classes);

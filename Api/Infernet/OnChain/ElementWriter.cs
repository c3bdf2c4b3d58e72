using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet.OnChain;

/// <summary>Turns a tensor into an array of words.</summary>
/// <param name="buffer">Where the array, its length first, is appended.</param>
/// <param name="tensor">What the model returned.</param>
internal readonly ref struct ElementWriter(PooledBufferWriter buffer, Tensor tensor)
{
    private readonly PooledBufferWriter _buffer = buffer;
    private readonly Tensor _tensor = tensor;

    /// <summary>Appends all elements, row-major.</summary>
    /// <param name="abiType">What the words are, for messages.</param>
    /// <param name="form">How a word holds an element.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: an element does not fit.</exception>
    public void Write<TForm, T>(string abiType, TForm form = default)
        where TForm : struct, IWordWriter<T>
        where T : unmanaged
    {
        var elements = _tensor.As<T>();
        var words = AbiWriter.BeginArray(_buffer, elements.Length);
        for (var i = 0; i < elements.Length; i++)
        {
            if (!form.TryWrite(elements[i], out var word))
                throw AbiErrors.Inexpressible($"The model returned a {_tensor.DType.TorchName()} tensor whose element {i} does not fit {abiType}, as which this answer carries it");
            word.Store(words);
            words = words[AbiWord.Size..];
        }
    }
}

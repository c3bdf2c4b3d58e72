using Granary.Serving;
using Granary.Torch;

namespace Granary.Api.Infernet.OnChain;

/// <summary>Turns the words of an array into a tensor.</summary>
/// <param name="values">The words; as many as <paramref name="shape"/> has elements, see <see cref="VectorShape"/>.</param>
/// <param name="shape">Sizes, outermost first. Kept, not copied.</param>
internal readonly ref struct ElementReader(AbiArray values, long[] shape)
{
    private readonly AbiArray _values = values;
    private readonly long[] _shape = shape;

    /// <summary>A pooled tensor that the caller owns.</summary>
    /// <param name="dtype">Element type of the tensor; its elements have the size of <typeparamref name="T"/>.</param>
    /// <param name="abiType">What the words must be, for messages.</param>
    /// <param name="form">How a word holds an element.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: a word is no value of the type.</exception>
    public Tensor Read<TForm, T>(DType dtype, string abiType, TForm form = default)
        where TForm : struct, IWordReader<T>
        where T : unmanaged
    {
        var tensor = Tensor.Rent(dtype, _shape);
        var wrong = Fill(form, _values.Words, tensor.As<T>());
        if (wrong < 0)
            return tensor;
        tensor.Dispose();
        throw _values.Invalid(wrong, $"is no {abiType}, as a {dtype.TorchName()} needs it here");
    }

    private static int Fill<TForm, T>(TForm form, ReadOnlySpan<byte> words, Span<T> elements)
        where TForm : struct, IWordReader<T>
        where T : unmanaged
    {
        for (var i = 0; i < elements.Length; i++)
        {
            if (!form.TryRead(AbiWord.Load(words), out elements[i]))
                return i;
            words = words[AbiWord.Size..];
        }

        return -1;
    }
}

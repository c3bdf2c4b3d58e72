using System.Buffers;
using Granary.Torch;

namespace Granary.Serving.Handlers.Images;

/// <summary>
/// Finds the bytes of an image in a value: a uint8 tensor of one dimension (the file itself), a string (base64, with or without
/// a <c>data:</c> prefix), or a dictionary with <c>image</c>, <c>image_bytes</c> or <c>b64</c>, which hold one of these.
/// Dispose to give back what base64 was decoded into.
/// </summary>
internal readonly struct EncodedImage : IDisposable
{
    private const int MaxNesting = 4;
    private readonly byte[]? _rented;
    private readonly int _length;
    private readonly Tensor? _tensor;

    private EncodedImage(byte[] rented, int length)
    {
        _rented = rented;
        _length = length;
    }

    private EncodedImage(Tensor tensor)
    {
        _tensor = tensor;
    }

    /// <summary>The file.</summary>
    public ReadOnlySpan<byte> Bytes => _tensor is null ? _rented.AsSpan(0, _length) : _tensor.Bytes;

    /// <summary>Whether a tensor is an encoded image rather than an input that is ready for the model.</summary>
    public static bool IsFile(Tensor tensor) => tensor.DType == DType.UInt8 && tensor.Shape.Length == 1;

    /// <summary>The image of a value.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: there is none in it.</exception>
    public static EncodedImage Of(Value value)
    {
        for (var depth = 0; depth < MaxNesting; depth++)
        {
            switch (value)
            {
                case Tensor tensor when IsFile(tensor):
                    return new EncodedImage(tensor);
                case StringValue text:
                    return FromBase64(text.Text);
                case DictValue dictionary:
                    value = Member(dictionary);
                    break;
                default:
                    depth = MaxNesting;
                    break;
            }
        }

        throw Wrong(value is Tensor other
            ? $"a tensor of {other.DType.TorchName()} and {other.Shape.Length} dimensions is no image; one is a string of base64, a list of bytes (uint8, one dimension) or an object with 'image' or 'image_bytes'"
            : $"a {value.Kind} is no image; one is a string of base64 or an object such as {{\"image\": {{\"b64\": \"…\"}}}}");
    }

    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
    }

    private static Value Member(DictValue dictionary)
    {
        foreach (var (key, value) in dictionary.Entries)
        {
            if (key is StringValue { Text: "image" or "image_bytes" or "b64" })
                return value;
        }

        throw Wrong("an object has neither 'image' nor 'image_bytes'; expected such as {\"image\": {\"b64\": \"…\"}}");
    }

    private static EncodedImage FromBase64(string text)
    {
        var data = text.AsSpan();
        if (data.StartsWith("data:", StringComparison.Ordinal) && data.IndexOf(";base64,", StringComparison.Ordinal) is > 0 and var at)
            data = data[(at + ";base64,".Length)..];
        var rented = ArrayPool<byte>.Shared.Rent((data.Length / 4 * 3) + 3);
        if (Convert.TryFromBase64Chars(data, rented, out var length))
            return new EncodedImage(rented, length);
        ArrayPool<byte>.Shared.Return(rented);
        throw Wrong("the text of an image is not base64");
    }

    private static ServingException Wrong(string message) => new(ServingError.InvalidArgument, message);
}

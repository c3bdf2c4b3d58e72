using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Granary.Serving.Clusters;
using Granary.Torch;

namespace Granary.Serving.Responses;

/// <summary>
/// Makes the digest of a request: its method, and of every input the name, the kind, dtype and shape and all bytes. Where the model and
/// its version come in is the scope that the digest is looked up in. A cryptographic hash, because callers choose the inputs: with
/// another one somebody could make two requests that answer for each other.
/// </summary>
internal static class RequestHasher
{
    private const byte NoName = 0;
    private const byte Name = 1;

    [ThreadStatic]
    private static IncrementalHash? _hash;

    public static RequestDigest Hash(InferenceRequest request)
    {
        var hash = _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        try
        {
            Append(hash, request.Method);
            Append(hash, request.Inputs.Count);
            for (var i = 0; i < request.Inputs.Count; i++)
            {
                var (name, value) = request.Inputs[i];
                AppendTag(hash, name is null ? NoName : Name);
                if (name is not null)
                    Append(hash, name);
                Append(hash, value);
            }
        }
        finally
        {
            // Also after a failure, so that nothing of this request is left for the next one.
            hash.GetHashAndReset(digest);
        }

        return RequestDigest.From(digest);
    }

    // Every kind has a tag of its own and everything of variable length its length in front, so that no two values look alike.
    private static void Append(IncrementalHash hash, Value value)
    {
        switch (value)
        {
            case Tensor tensor:
                AppendTag(hash, (byte)'t');
                AppendTag(hash, (byte)tensor.DType);
                Append(hash, tensor.Shape.Length);
                hash.AppendData(MemoryMarshal.AsBytes(tensor.Shape));
                hash.AppendData(tensor.Bytes);
                break;
            case StringValue text:
                AppendTag(hash, (byte)'s');
                Append(hash, text.Text);
                break;
            case IntValue number:
                AppendTag(hash, (byte)'i');
                Append(hash, number.Number);
                break;
            case DoubleValue number:
                AppendTag(hash, (byte)'d');
                Append(hash, BitConverter.DoubleToInt64Bits(number.Number));
                break;
            case BoolValue truth:
                AppendTag(hash, truth.Truth ? (byte)'y' : (byte)'n');
                break;
            case ComplexValue number:
                AppendTag(hash, (byte)'c');
                Append(hash, number.Number);
                break;
            case NoneValue:
                AppendTag(hash, (byte)'0');
                break;
            case ListValue list:
                AppendTag(hash, (byte)'l');
                Append(hash, list.Items);
                break;
            case TupleValue tuple:
                AppendTag(hash, (byte)'u');
                Append(hash, tuple.Items);
                break;
            case DictValue dict:
                Append(hash, dict);
                break;
            default:
                throw new ArgumentException($"a {value.Kind} has no digest", nameof(value));
        }
    }

    private static void Append(IncrementalHash hash, IReadOnlyList<Value> items)
    {
        Append(hash, items.Count);
        for (var i = 0; i < items.Count; i++)
            Append(hash, items[i]);
    }

    private static void Append(IncrementalHash hash, DictValue dict)
    {
        AppendTag(hash, (byte)'m');
        Append(hash, dict.Entries.Count);
        for (var i = 0; i < dict.Entries.Count; i++)
        {
            Append(hash, dict.Entries[i].Key);
            Append(hash, dict.Entries[i].Value);
        }
    }

    private static void Append(IncrementalHash hash, string text)
    {
        Append(hash, text.Length);
        // UTF-16 as it is: no conversion, and lone surrogates stay apart.
        hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    private static void Append(IncrementalHash hash, Complex number)
    {
        Append(hash, BitConverter.DoubleToInt64Bits(number.Real));
        Append(hash, BitConverter.DoubleToInt64Bits(number.Imaginary));
    }

    private static void Append(IncrementalHash hash, long number) => hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in number)));

    private static void AppendTag(IncrementalHash hash, byte tag) => hash.AppendData(new ReadOnlySpan<byte>(in tag));
}

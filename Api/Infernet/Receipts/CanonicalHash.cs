using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Infernet.Receipts;

/// <summary>
/// SHA-256 of requests and results in one form for all generations and protocols, so that whoever holds the tensors can compute it:
/// docs/receipts.md has it byte for byte.
/// </summary>
internal static class CanonicalHash
{
    private const int MaxTextOnStack = 256;

    [ThreadStatic]
    private static IncrementalHash? _hash;

    /// <summary>The hash of what was asked.</summary>
    /// <param name="key">The version that answered.</param>
    /// <param name="request">Its method and inputs.</param>
    /// <param name="digest">32 bytes.</param>
    public static void OfRequest(ModelKey key, InferenceRequest request, Span<byte> digest)
    {
        var hash = Begin("granary-request-v1\n"u8);
        Append(hash, key.ToString());
        Append(hash, request.Method);
        Append(hash, request.Inputs.Count);
        for (var i = 0; i < request.Inputs.Count; i++)
        {
            Append(hash, request.Inputs[i].Name ?? "");
            Append(hash, request.Inputs[i].Value);
        }

        hash.GetHashAndReset(digest);
    }

    /// <summary>The hash of what the model returned.</summary>
    public static void OfOutput(Value value, Span<byte> digest)
    {
        var hash = Begin("granary-output-v1\n"u8);
        Append(hash, value);
        hash.GetHashAndReset(digest);
    }

    private static IncrementalHash Begin(ReadOnlySpan<byte> domain)
    {
        var hash = _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(domain);
        return hash;
    }

    // The numbers are those of the wire format of grains and of the native seam.
    private static void Append(IncrementalHash hash, Value value)
    {
        switch (value)
        {
            case Tensor tensor:
                Append(hash, tensor);
                break;
            case NoneValue:
                AppendByte(hash, 0);
                break;
            case IntValue number:
                AppendByte(hash, 2);
                AppendLong(hash, number.Number);
                break;
            case DoubleValue number:
                AppendByte(hash, 3);
                AppendLong(hash, BitConverter.DoubleToInt64Bits(number.Number));
                break;
            case ComplexValue number:
                AppendByte(hash, 4);
                AppendLong(hash, BitConverter.DoubleToInt64Bits(number.Number.Real));
                AppendLong(hash, BitConverter.DoubleToInt64Bits(number.Number.Imaginary));
                break;
            case BoolValue truth:
                AppendByte(hash, 5);
                AppendByte(hash, (byte)(truth.Truth ? 1 : 0));
                break;
            case StringValue text:
                AppendByte(hash, 6);
                Append(hash, text.Text);
                break;
            default:
                AppendContainer(hash, value);
                break;
        }
    }

    private static void AppendContainer(IncrementalHash hash, Value value)
    {
        switch (value)
        {
            case ListValue list:
                AppendItems(hash, 7, list.Items);
                break;
            case TupleValue tuple:
                AppendItems(hash, 8, tuple.Items);
                break;
            case DictValue dictionary:
                AppendByte(hash, 10);
                Append(hash, dictionary.Entries.Count);
                foreach (var (key, item) in dictionary.Entries)
                {
                    Append(hash, key);
                    Append(hash, item);
                }

                break;
            default:
                throw new NotSupportedException($"a value of kind {value.Kind} has no canonical form");
        }
    }

    private static void AppendItems(IncrementalHash hash, byte kind, IReadOnlyList<Value> items)
    {
        AppendByte(hash, kind);
        Append(hash, items.Count);
        for (var i = 0; i < items.Count; i++)
            Append(hash, items[i]);
    }

    private static void Append(IncrementalHash hash, Tensor tensor)
    {
        AppendByte(hash, 1);
        AppendByte(hash, (byte)tensor.DType);
        Append(hash, tensor.Shape.Length);
        foreach (var size in tensor.Shape)
            AppendLong(hash, size);
        hash.AppendData(tensor.Bytes);
    }

    private static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        var buffer = bytes <= MaxTextOnStack ? stackalloc byte[MaxTextOnStack] : new byte[bytes];
        Encoding.UTF8.GetBytes(text, buffer);
        Append(hash, bytes);
        hash.AppendData(buffer[..bytes]);
    }

    private static void Append(IncrementalHash hash, int count)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, count);
        hash.AppendData(bytes);
    }

    private static void AppendLong(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static void AppendByte(IncrementalHash hash, byte value) => hash.AppendData([value]);
}

using System.Numerics;
using System.Text;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>Writes protobuf into a span that is large enough, and says beforehand how large that is.</summary>
internal ref struct ProtoWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    /// <summary>Bytes written so far.</summary>
    public int Written { get; private set; }

    /// <summary>Length of a number.</summary>
    public static int SizeOfVarint(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    /// <summary>Length of a block with its tag, whose number is below 16.</summary>
    public static long SizeOfBlock(long bytes) => 1 + SizeOfVarint((ulong)bytes) + bytes;

    /// <summary>Length of a text with its tag; an empty one is not written.</summary>
    public static long SizeOfText(string text) => text.Length == 0 ? 0 : SizeOfBlock(Encoding.UTF8.GetByteCount(text));

    /// <summary>Writes a number.</summary>
    public void WriteVarint(ulong value)
    {
        while (value >= 0x80)
        {
            _target[Written++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _target[Written++] = (byte)value;
    }

    /// <summary>Begins a block of a field below 16.</summary>
    public void BeginBlock(int field, long bytes)
    {
        _target[Written++] = (byte)((field << 3) | (int)WireType.Bytes);
        WriteVarint((ulong)bytes);
    }

    /// <summary>Writes a text, unless it is empty.</summary>
    public void WriteText(int field, string text)
    {
        if (text.Length == 0)
            return;
        BeginBlock(field, Encoding.UTF8.GetByteCount(text));
        Written += Encoding.UTF8.GetBytes(text, _target[Written..]);
    }

    /// <summary>Writes bytes as they are.</summary>
    public void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_target[Written..]);
        Written += bytes.Length;
    }
}

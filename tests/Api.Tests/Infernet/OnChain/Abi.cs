using System.Numerics;
using System.Text;
using Granary.Api.Infernet.OnChain;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>An ABI encoder as short as the specification of the ABI, and the requests that contracts make of it.</summary>
internal static class Abi
{
    public static readonly double[] Row = [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23];

    /// <summary>Encodes a tuple of numbers, bytes, texts and arrays of numbers.</summary>
    public static byte[] Tuple(params object[] fields)
    {
        var head = new List<byte>();
        var tail = new List<byte>();
        foreach (var field in fields)
        {
            var content = field switch
            {
                byte[] bytes => Padded(bytes),
                string text => Padded(Encoding.UTF8.GetBytes(text)),
                BigInteger[] values => [.. Word(values.Length), .. values.SelectMany(Word)],
                _ => null,
            };
            head.AddRange(Word(content is null ? Number(field) : (fields.Length * 32) + tail.Count));
            tail.AddRange(content ?? []);
        }

        return [.. head, .. tail];
    }

    public static byte[] Vector1(int dtype, IEnumerable<long> shape, IEnumerable<BigInteger> values) =>
        Tuple(dtype, shape.Select(size => (BigInteger)size).ToArray(), values.ToArray());

    public static byte[] Vector2(int arithmetic, int scale, int dtype, IEnumerable<long> shape, IEnumerable<BigInteger> values) =>
        Tuple(arithmetic, scale, dtype, shape.Select(size => (BigInteger)size).ToArray(), values.ToArray());

    /// <summary>A request of generation 1.0 for the default model.</summary>
    public static byte[] Request1(byte[] vector) => Tuple(1, "", "", "", vector);

    /// <summary>A request of generation 2.0 for the default model.</summary>
    public static byte[] Request2(byte[] vector, params object[] options) => Tuple([Array.Empty<byte>(), vector, .. options]);

    public static byte[] ModelId(int storage, string owner, string name, string version, string files) =>
        Tuple(Tuple(storage, owner, name, version), files);

    public static byte[] Word(BigInteger value)
    {
        var word = new byte[32];
        Array.Fill(word, value.Sign < 0 ? (byte)0xFF : (byte)0);
        var bytes = value.ToByteArray(isUnsigned: value.Sign >= 0, isBigEndian: true);
        bytes.CopyTo(word, 32 - bytes.Length);
        return word;
    }

    public static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    /// <summary>The body that a node sends for an on-chain request.</summary>
    public static string Body(byte[] data, int destination = 0) => $$"""{"source":0,"destination":{{destination}},"data":"{{Hex(data)}}","requires_proof":false}""";

    /// <summary>What one of the product's writers appends.</summary>
    public static byte[] Written(Action<PooledBufferWriter> write)
    {
        using var buffer = new PooledBufferWriter();
        write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public static Tensor Read1(byte[] vector) => Generation1.ReadVector(new AbiReader(vector));

    public static Tensor Read2(byte[] vector) => Generation2.ReadVector(new AbiReader(vector));

    private static BigInteger Number(object field) => field is BigInteger number ? number : new BigInteger(Convert.ToInt64(field));

    private static byte[] Padded(byte[] bytes) => [.. Word(bytes.Length), .. bytes, .. new byte[-bytes.Length & 31]];
}

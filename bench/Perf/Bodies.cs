using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;

namespace Granary.Bench.Perf;

/// <summary>Makes one request of random numbers in each form.</summary>
internal static class Bodies
{
    private const WireFormat.WireType Delimited = WireFormat.WireType.LengthDelimited;

    public static byte[] Json(List<Input> inputs, int padTo)
    {
        var random = new Random(1);
        var numbers = inputs.Select(input => Enumerable.Range(0, (int)input.Count).Select(_ => Number(random, input)).ToArray()).ToArray();
        var body = Write(inputs, numbers, static _ => "");
        if (padTo == 0)
            return Encoding.UTF8.GetBytes(body);
        var (missing, gaps) = (padTo - body.Length, numbers.Sum(list => list.Length));
        if (missing < 0)
            throw new FormatException($"the request has {body.Length} bytes already, more than --json-bytes={padTo}");
        return Encoding.UTF8.GetBytes(Write(inputs, numbers, gap => new string(' ', (missing / gaps) + (gap < missing % gaps ? 1 : 0))));
    }

    /// <summary>The JSON header and the tensors behind it.</summary>
    public static (byte[] Body, int HeaderBytes) Binary(List<Input> inputs)
    {
        var entries = inputs.Select(input => $$$"""{"name":"{{{input.Name}}}","shape":[{{{string.Join(',', input.Shape)}}}],"datatype":"{{{input.Datatype}}}","parameters":{"binary_data_size":{{{input.Count * input.ElementBytes}}}}}""");
        var header = Encoding.UTF8.GetBytes($$$"""{"inputs":[{{{string.Join(',', entries)}}}],"parameters":{"binary_data_output":true}}""");
        return ([.. header, .. inputs.SelectMany(Raw)], header.Length);
    }

    /// <summary>A ModelInferRequest behind its five bytes of frame.</summary>
    public static byte[] Grpc(Arguments arguments, List<Input> inputs)
    {
        using var message = new MemoryStream();
        using (var output = new CodedOutputStream(message, leaveOpen: true))
        {
            Text(output, 1, arguments.Model);
            Text(output, 2, arguments.Version);
            foreach (var input in inputs)
                Bytes(output, 5, Tensor(input));
            foreach (var input in inputs)
                Bytes(output, 7, Raw(input));
        }

        var length = (int)message.Length;
        return [0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. message.ToArray()];
    }

    private static byte[] Tensor(Input input)
    {
        using var message = new MemoryStream();
        using (var output = new CodedOutputStream(message, leaveOpen: true))
        {
            Text(output, 1, input.Name);
            Text(output, 2, input.Datatype);
            foreach (var size in input.Shape)
            {
                output.WriteTag(3, WireFormat.WireType.Varint);
                output.WriteInt64(size);
            }
        }

        return message.ToArray();
    }

    private static void Text(CodedOutputStream output, int field, string text)
    {
        if (text.Length == 0)
            return;
        output.WriteTag(field, Delimited);
        output.WriteString(text);
    }

    private static void Bytes(CodedOutputStream output, int field, byte[] bytes)
    {
        output.WriteTag(field, Delimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }

    private static string Write(List<Input> inputs, string[][] numbers, Func<int, string> gap)
    {
        var text = new StringBuilder("{\"inputs\":[");
        var next = 0;
        for (var i = 0; i < inputs.Count; i++)
        {
            text.Append(i > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"{{\"name\":\"{inputs[i].Name}\",\"shape\":[{string.Join(',', inputs[i].Shape)}],\"datatype\":\"{inputs[i].Datatype}\",\"data\":[");
            for (var j = 0; j < numbers[i].Length; j++)
                text.Append(j > 0 ? "," : "").Append(gap(next++)).Append(numbers[i][j]);
            text.Append("]}");
        }

        return text.Append("]}").ToString();
    }

    private static string Number(Random random, Input input) => input.Datatype switch
    {
        "FP32" or "FP64" => ((double)random.NextSingle()).ToString("R", CultureInfo.InvariantCulture),
        "BOOL" => random.Next(2) == 0 ? "false" : "true",
        _ => random.Next(100).ToString(CultureInfo.InvariantCulture),
    };

    private static byte[] Raw(Input input)
    {
        var random = new Random(1);
        var bytes = new byte[input.Count * input.ElementBytes];
        if (input.Datatype == "FP32")
        {
            var numbers = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = random.NextSingle();
        }
        else if (input.Datatype == "FP64")
        {
            var numbers = MemoryMarshal.Cast<byte, double>(bytes.AsSpan());
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = random.NextDouble();
        }
        else if (input.Datatype is not ("FP16" or "BF16"))
        {
            for (var i = 0; i < bytes.Length; i += input.ElementBytes)
                bytes[i] = (byte)random.Next(input.Datatype == "BOOL" ? 2 : 100);
        }

        return bytes;
    }
}

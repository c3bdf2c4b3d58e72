using System.Buffers;
using Google.Protobuf;
using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Api.OpenInference;
using Granary.Api.OpenInference.Grpc;
using Granary.Torch;
using Parameter = Granary.Api.OpenInference.Grpc.InferParameter;
using ParameterMessage = Granary.Api.Grpc.Protos.InferParameter;

namespace Granary.Api.Tests.OpenInference.Grpc;

/// <summary>The hand-written reader and writer against the generated classes.</summary>
public class InferCodecTests
{
    private const int Messages = 2000;

    private readonly Random _random = new(20240607);

    [Fact]
    public void Read_AnyMessage_IsWhatTheGeneratedClassesRead()
    {
        for (var i = 0; i < Messages; i++)
        {
            var expected = RandomRequest();
            var bytes = expected.ToByteArray();

            var actual = InferMessage.Read(Split(bytes));

            Assert.Equal(expected, ToMessage(actual));
            actual.Release();
        }
    }

    [Fact]
    public void Read_TwoMessagesInARow_AreMergedAsTheGeneratedClassesMerge()
    {
        for (var i = 0; i < Messages / 10; i++)
        {
            byte[] bytes = [.. RandomRequest().ToByteArray(), .. RandomRequest().ToByteArray()];

            Assert.Equal(ModelInferRequest.Parser.ParseFrom(bytes), ToMessage(InferMessage.Read(Split(bytes))));
        }
    }

    [Fact]
    public void Read_DamagedMessage_IsRefusedOrReadAsTheGeneratedClassesRead()
    {
        var refused = 0;
        for (var i = 0; i < Messages * 5; i++)
        {
            var bytes = RandomRequest().ToByteArray();
            for (var n = _random.Next(1, 4); n > 0 && bytes.Length > 0; n--)
                bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
            if (_random.Next(4) == 0)
                bytes = bytes[.._random.Next(bytes.Length + 1)];
            ModelInferRequest actual;
            try
            {
                actual = ToMessage(InferMessage.Read(Split(bytes)));
            }
            catch (Exception exception) when (exception is GrpcException { Status: GrpcStatus.Internal } or InvalidProtocolBufferException)
            {
                // Contents are read with the input they belong to. The generated classes of C# let pass what those of other languages
                // refuse too: texts that are no UTF-8, wire types 6 and 7, tags of more than 32 bits.
                refused++;
                continue;
            }

            Assert.True(actual.Equals(ModelInferRequest.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes)), Convert.ToHexString(bytes));
        }

        Assert.InRange(refused, Messages, Messages * 5);
    }

    [Fact]
    public void Read_UnpackedShape_IsTheSame()
    {
        byte[] input = [0x18, 0x01, 0x18, 0x90, 0x01, 0x1A, 0x02, 0x05, 0x06];
        byte[] bytes = [0x2A, (byte)input.Length, .. input];

        Assert.Equal([1, 144, 5, 6], Assert.Single(InferMessage.Read(new ReadOnlySequence<byte>(bytes)).Inputs).Shape);
    }

    [Fact]
    public void Read_UnknownFields_AreSkipped()
    {
        // A group in a group, a fixed number, a text and a number, none of which the message has.
        byte[] unknown = [0x9B, 0x06, 0xA3, 0x06, 0x08, 0x01, 0xA4, 0x06, 0x9C, 0x06, 0xCD, 0x0C, 1, 2, 3, 4, 0xC9, 0x0C, 1, 2, 3, 4, 5, 6, 7, 8, 0xC2, 0x0C, 1, 65, 0xC0, 0x0C, 0x96, 0x01];
        byte[] bytes = [.. unknown, 0x0A, 1, 65, .. unknown];

        Assert.Equal("A", InferMessage.Read(new ReadOnlySequence<byte>(bytes)).ModelName);
    }

    [Fact]
    public void Write_AnyAnswer_IsReadByTheGeneratedClasses()
    {
        for (var i = 0; i < Messages / 4; i++)
        {
            using var tensor = Tensor.Rent(DType.Float32, [_random.Next(3), _random.Next(300)]);
            _random.NextBytes(tensor.Bytes);
            string[] texts = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => RandomText())];
            var result = new V2Result(RandomText(), $"{_random.Next(200)}", RandomText(), [V2ResultOutput.Of(RandomText(), tensor, true), V2ResultOutput.Of(RandomText(), texts, [texts.Length], true)]);
            var codec = new InferAnswerCodec();
            var answer = new V2Answer(result, new Nothing(), default);
            var buffer = new ArrayBufferWriter<byte>();

            codec.Write(answer, buffer);

            Assert.Equal(codec.SizeOf(answer), buffer.WrittenCount);
            var message = ModelInferResponse.Parser.ParseFrom(buffer.WrittenSpan.ToArray());
            Assert.Equal((result.ModelName, result.ModelVersion, result.Id), (message.ModelName, message.ModelVersion, message.Id));
            Assert.Equal(result.Outputs.Select(output => (output.Name, string.Join(',', output.Shape))), message.Outputs.Select(output => (output.Name, string.Join(',', output.Shape))));
            Assert.Equal(tensor.Bytes.ToArray(), message.RawOutputContents[0].ToByteArray());
            Assert.Equal(texts, Texts(message.RawOutputContents[1]));
            Assert.Equal(buffer.WrittenCount, message.CalculateSize());
        }
    }

    [Fact]
    public void Write_AnswersOfStreams_AreReadByTheGeneratedClasses()
    {
        using var tensor = Tensor.Rent(DType.Int64, [70]);
        tensor.Bytes.Clear();
        var result = new V2Result("m", "1", "i", [V2ResultOutput.Of("o", tensor, true)]);
        var codec = new StreamAnswerCodec();
        foreach (var answer in (StreamAnswer[])[new(new V2Answer(result, new Nothing(), default), null, "", "", ""), new(null, new string('é', 300), "m", "", "i"), new(null, "e", "", "", "")])
        {
            var buffer = new ArrayBufferWriter<byte>();

            codec.Write(answer, buffer);

            Assert.Equal(codec.SizeOf(answer), buffer.WrittenCount);
            var message = ModelStreamInferResponse.Parser.ParseFrom(buffer.WrittenSpan.ToArray());
            Assert.Equal(answer.Error ?? "", message.ErrorMessage);
            Assert.True(message.InferResponse.Parameters["triton_final_response"].BoolParam);
            Assert.Equal(answer.Answer is null ? answer.Id : "i", message.InferResponse.Id);
            Assert.Equal(answer.Answer is null ? 0 : 560, message.InferResponse.RawOutputContents.Sum(raw => raw.Length));
        }
    }

    private static IEnumerable<string> Texts(ByteString raw)
    {
        for (var at = 0; at < raw.Length;)
        {
            var length = BitConverter.ToInt32(raw.Span[at..]);
            yield return System.Text.Encoding.UTF8.GetString(raw.Span.Slice(at + 4, length));
            at += 4 + length;
        }
    }

    private static ModelInferRequest ToMessage(InferMessage message)
    {
        var request = new ModelInferRequest { ModelName = message.ModelName, ModelVersion = message.ModelVersion, Id = message.Id };
        Add(request.Parameters, message.Parameters);
        foreach (var input in message.Inputs)
        {
            var copy = InferenceClient.Input(input.Name, input.Datatype, input.Shape);
            Add(copy.Parameters, input.Parameters);
            if (input.Contents is { } contents)
                copy.Contents = InferTensorContents.Parser.WithDiscardUnknownFields(true).ParseFrom(contents.ToArray());
            request.Inputs.Add(copy);
        }

        foreach (var output in message.Outputs)
        {
            var copy = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = output.Name };
            Add(copy.Parameters, output.Parameters);
            request.Outputs.Add(copy);
        }

        foreach (var raw in message.Raw)
            request.RawInputContents.Add(ByteString.CopyFrom(raw.Span));
        return request;
    }

    private static void Add(IDictionary<string, ParameterMessage> into, IReadOnlyDictionary<string, Parameter>? parameters)
    {
        foreach (var (name, value) in parameters ?? new Dictionary<string, Parameter>())
        {
            into[name] = value.Kind switch
            {
                InferParameterKind.Bool => new ParameterMessage { BoolParam = value.Bits != 0 },
                InferParameterKind.Int64 => new ParameterMessage { Int64Param = (long)value.Bits },
                InferParameterKind.String => new ParameterMessage { StringParam = value.Text },
                InferParameterKind.Double => new ParameterMessage { DoubleParam = BitConverter.UInt64BitsToDouble(value.Bits) },
                InferParameterKind.UInt64 => new ParameterMessage { Uint64Param = value.Bits },
                _ => new ParameterMessage(),
            };
        }
    }

    private ModelInferRequest RandomRequest()
    {
        var request = new ModelInferRequest { ModelName = RandomText(), ModelVersion = RandomText(), Id = RandomText() };
        RandomParameters(request.Parameters);
        for (var n = _random.Next(4); n > 0; n--)
        {
            var input = InferenceClient.Input(RandomText(), RandomText(), [.. Enumerable.Range(0, _random.Next(7)).Select(_ => RandomNumber())]);
            RandomParameters(input.Parameters);
            if (_random.Next(3) == 0)
                input.Contents = RandomContents();
            request.Inputs.Add(input);
        }

        for (var n = _random.Next(3); n > 0; n--)
        {
            var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = RandomText() };
            RandomParameters(output.Parameters);
            request.Outputs.Add(output);
        }

        for (var n = _random.Next(3); n > 0; n--)
        {
            var raw = new byte[_random.Next(300)];
            _random.NextBytes(raw);
            request.RawInputContents.Add(ByteString.CopyFrom(raw));
        }

        return request;
    }

    private InferTensorContents RandomContents() => _random.Next(4) switch
    {
        0 => new InferTensorContents { IntContents = { _random.Next(), -1 } },
        1 => new InferTensorContents { Fp32Contents = { _random.NextSingle() } },
        2 => new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8(RandomText()) } },
        _ => new InferTensorContents(),
    };

    private void RandomParameters(IDictionary<string, ParameterMessage> parameters)
    {
        for (var n = _random.Next(3); n > 0; n--)
        {
            parameters[RandomText()] = _random.Next(6) switch
            {
                0 => new ParameterMessage { BoolParam = _random.Next(2) == 0 },
                1 => new ParameterMessage { Int64Param = RandomNumber() },
                2 => new ParameterMessage { StringParam = RandomText() },
                3 => new ParameterMessage { DoubleParam = _random.NextDouble() },
                4 => new ParameterMessage { Uint64Param = (ulong)RandomNumber() },
                _ => new ParameterMessage(),
            };
        }
    }

    private long RandomNumber() => _random.Next(4) switch
    {
        0 => _random.Next(128),
        1 => -1,
        2 => long.MaxValue,
        _ => _random.NextInt64(),
    };

    private string RandomText() => _random.Next(5) switch
    {
        0 => "",
        1 => "INPUT0",
        2 => "FP32",
        3 => new string('é', _random.Next(100)),
        _ => $"{_random.Next()}\U0001F33E",
    };

    // One piece, or several as they come from the network.
    private ReadOnlySequence<byte> Split(byte[] bytes)
    {
        if (bytes.Length < 2 || _random.Next(2) == 0)
            return new ReadOnlySequence<byte>(bytes);
        var cut = _random.Next(1, bytes.Length);
        var first = new Piece(bytes.AsMemory(0, cut), 0);
        var second = new Piece(bytes.AsMemory(cut), cut);
        first.Follow(second);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public void Follow(Piece next) => Next = next;
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

using System.Buffers;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// An <c>inference.ModelInferRequest</c> as it lies in the request: tensors are pieces of the message, so it must not outlive it.
/// </summary>
internal sealed class InferMessage
{
    private byte[]? _gathered;
    private Dictionary<string, InferParameter>? _parameters;

    /// <summary>The model.</summary>
    public string ModelName { get; private set; } = "";

    /// <summary>Its version; empty for the newest.</summary>
    public string ModelVersion { get; private set; } = "";

    /// <summary>The caller's name for the request.</summary>
    public string Id { get; private set; } = "";

    /// <summary>What the caller says besides; null for nothing.</summary>
    public IReadOnlyDictionary<string, InferParameter>? Parameters => _parameters;

    /// <summary>Inputs, in the caller's order.</summary>
    public List<InferTensor> Inputs { get; } = [];

    /// <summary>Outputs that are wanted; empty for all.</summary>
    public List<InferWanted> Outputs { get; } = [];

    /// <summary>Little-endian blocks that belong to the inputs in order.</summary>
    public List<ReadOnlyMemory<byte>> Raw { get; } = [];

    /// <summary>Reads a message.</summary>
    /// <exception cref="Api.Grpc.GrpcException">It is no such message.</exception>
    public static InferMessage Read(in ReadOnlySequence<byte> bytes)
    {
        var message = new InferMessage();
        try
        {
            message.Parse(message.Gather(bytes));
            return message;
        }
        catch
        {
            message.Release();
            throw;
        }
    }

    /// <summary>Lets go of the memory that the tensors are in.</summary>
    public void Release()
    {
        if (_gathered is null)
            return;
        ArrayPool<byte>.Shared.Return(_gathered);
        _gathered = null;
    }

    // Small messages lie in one piece or a few; larger ones than 128 KiB are always one.
    private ReadOnlyMemory<byte> Gather(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
            return bytes.First;
        var length = (int)bytes.Length;
        _gathered = ArrayPool<byte>.Shared.Rent(length);
        bytes.CopyTo(_gathered);
        return _gathered.AsMemory(0, length);
    }

    private void Parse(ReadOnlyMemory<byte> bytes)
    {
        var reader = new ProtoReader(bytes);
        while (reader.Next())
        {
            if (reader.Type != WireType.Bytes)
            {
                reader.Skip();
                continue;
            }

            switch (reader.Field)
            {
                case 1: ModelName = reader.ReadString(); break;
                case 2: ModelVersion = reader.ReadString(); break;
                case 3: Id = reader.ReadString(); break;
                case 4: InferParameter.ReadEntry(reader.ReadBytes(), ref _parameters); break;
                case 5: Inputs.Add(InferTensor.Read(reader.ReadBytes())); break;
                case 6: Outputs.Add(InferWanted.Read(reader.ReadBytes())); break;
                case 7: Raw.Add(reader.ReadBytes()); break;
                default: reader.Skip(); break;
            }
        }
    }
}

/// <summary>An output that is wanted, <c>InferRequestedOutputTensor</c>.</summary>
/// <param name="Name">As the model calls it.</param>
/// <param name="Parameters">Null for none.</param>
internal readonly record struct InferWanted(string Name, IReadOnlyDictionary<string, InferParameter>? Parameters)
{
    /// <summary>Reads the message.</summary>
    public static InferWanted Read(ReadOnlyMemory<byte> message)
    {
        var name = "";
        Dictionary<string, InferParameter>? parameters = null;
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Is(1, WireType.Bytes))
                name = reader.ReadString();
            else if (reader.Is(2, WireType.Bytes))
                InferParameter.ReadEntry(reader.ReadBytes(), ref parameters);
            else
                reader.Skip();
        }

        return new InferWanted(name, parameters);
    }
}

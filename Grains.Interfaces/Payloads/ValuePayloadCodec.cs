using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Granary.Grains.Interfaces.Payloads;

/// <summary>
/// One length-prefixed field: tensor bytes go from libtorch's or a pinned buffer's memory into the message and back, never
/// element by element and never through a byte array.
/// </summary>
[RegisterSerializer]
internal sealed class ValuePayloadCodec : IFieldCodec<ValuePayload>
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, [AllowNull] ValuePayload value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
            return;
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(ValuePayload), WireType.LengthPrefixed);
        writer.WriteVarUInt32(checked((uint)ValueSize.Of(value.Value)));
        ValueWriter.Write(ref writer, value.Value);
        value.Dispose();
    }

    public ValuePayload ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
            return ReferenceCodec.ReadReference<ValuePayload, TInput>(ref reader, field)!;
        field.EnsureWireType(WireType.LengthPrefixed);
        var length = reader.ReadVarUInt32();
        var value = new ValueReader(length).Read(ref reader);
        var payload = new ValuePayload(value, value);
        ReferenceCodec.RecordObject(reader.Session, payload);
        return payload;
    }
}

/// <summary>Within a silo a payload crosses by reference.</summary>
[RegisterCopier]
internal sealed class ValuePayloadCopier : ShallowCopier<ValuePayload>;

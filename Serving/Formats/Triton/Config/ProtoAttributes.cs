namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Protobuf's name of the message that a record stands for. Its properties are the fields: <c>MaxBatchSize</c> is <c>max_batch_size</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ProtoMessageAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>What protobuf puts before the names of an enumeration: with <c>TYPE_</c>, <c>Fp32</c> is <c>TYPE_FP32</c>.</summary>
[AttributeUsage(AttributeTargets.Enum)]
internal sealed class ProtoEnumAttribute(string prefix = "") : Attribute
{
    public string Prefix { get; } = prefix;
}

/// <summary>At most one of the fields of one choice may be set.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneOfAttribute(string choice) : Attribute
{
    public string Choice { get; } = choice;
}

/// <summary>A 64-bit number that Triton leaves as text in JSON, as protobuf does; it turns the others into numbers.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class JsonTextAttribute : Attribute;

using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>What a request is answered with, whichever transport carries it. The tensors belong to the inference result.</summary>
/// <param name="ModelName">The model that answered.</param>
/// <param name="ModelVersion">Its version, decimal.</param>
/// <param name="Id">The request's name; empty for none.</param>
/// <param name="Outputs">In the order asked for, or the model's own.</param>
internal sealed record V2Result(string ModelName, string ModelVersion, string Id, IReadOnlyList<V2ResultOutput> Outputs);

/// <summary>One output of an answer: a tensor or texts.</summary>
internal sealed class V2ResultOutput
{
    private V2ResultOutput(string name, DataType datatype, long[] shape, bool binary)
    {
        Name = name;
        Datatype = datatype;
        Shape = shape;
        Binary = binary;
    }

    /// <summary>As the model calls it.</summary>
    public string Name { get; }

    /// <summary>Element type; strings are the protocol's BYTES.</summary>
    public DataType Datatype { get; }

    /// <summary>Sizes, row-major.</summary>
    public long[] Shape { get; }

    /// <summary>Whether it goes out in binary form.</summary>
    public bool Binary { get; }

    /// <summary>The elements, unless they are texts.</summary>
    public Tensor? Tensor { get; private init; }

    /// <summary>The elements of a BYTES output.</summary>
    public IReadOnlyList<string>? Texts { get; private init; }

    /// <summary>The elements as an input of another model has them; a tensor stays this output's.</summary>
    public Value ToValue() => Tensor is { } tensor ? tensor : new ListValue([.. Texts!.Select(static text => new StringValue(text))]);

    /// <summary>Length in binary form, in bytes.</summary>
    public long BinaryLength => Texts is null ? Tensor!.ByteLength : BytesElements.LengthOf(Texts);

    /// <summary>An output of numbers.</summary>
    /// <exception cref="ServingException">The protocol has no name for the tensor's dtype.</exception>
    public static V2ResultOutput Of(string name, Tensor tensor, bool binary)
    {
        var datatype = DataTypes.Of(tensor.DType);
        if (datatype == DataType.Invalid)
            throw new ServingException(ServingError.Unsupported, $"output '{name}' is {tensor.DType.TorchName()}, which the Open Inference protocol cannot carry");
        return new V2ResultOutput(name, datatype, tensor.Shape.ToArray(), binary) { Tensor = tensor };
    }

    /// <summary>An output of texts.</summary>
    public static V2ResultOutput Of(string name, IReadOnlyList<string> texts, long[] shape, bool binary) =>
        new(name, DataType.String, shape, binary) { Texts = texts };
}

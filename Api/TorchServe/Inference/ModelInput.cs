using System.Text;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Serving.Models;
using Granary.Serving.Values;
using Granary.Torch;

namespace Granary.Api.TorchServe.Inference;

/// <summary>
/// The arguments of a model without handlers. JSON is read as <c>forward</c> wants it; other bytes are the elements of its one tensor where
/// the definition says of which dtype and shape, or the text where it takes one. Forms give arguments by name.
/// </summary>
internal sealed class ModelInput(ServedModel model)
{
    private readonly Signature _signature = new(model.Forward ?? throw Invalid($"model '{model.Definition.Name}' has no method 'forward'"), model.Definition.Inputs);

    /// <summary>Reads the one body.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public Argument[] Read(ReadOnlySpan<byte> body, string? contentType)
    {
        if (body.IsEmpty && _signature.Arguments.Count > 0)
            throw Invalid($"the body is empty; expected JSON for {_signature}");
        return LooksLikeJson(body, contentType) ? ValueReader.ReadArguments(body, _signature) : [new Argument(null, ReadBytes(body, Only()))];
    }

    /// <summary>
    /// Reads the parts of a form, or the inputs of a gRPC request. A single one that has the name of no argument is the whole input, as
    /// <c>data</c> and <c>body</c> are.
    /// </summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public Argument[] Read(IReadOnlyList<RequestPart> parts)
    {
        if (parts is [var single] && _signature.IndexOf(single.Name) < 0)
            return Read(single.Content.Span, single.ContentType);
        var arguments = new List<Argument>();
        try
        {
            foreach (var part in parts)
            {
                var index = _signature.IndexOf(part.Name);
                if (index < 0)
                    throw Invalid($"{_signature} has no argument '{part.Name}'");
                if (arguments.Exists(argument => argument.Name == part.Name))
                    throw Invalid($"the argument '{part.Name}' is given twice");
                arguments.Add(new Argument(part.Name, ReadPart(part, _signature.Arguments[index])));
            }

            return [.. arguments];
        }
        catch
        {
            arguments.ForEach(static argument => argument.Value.Dispose());
            throw;
        }
    }

    private Value ReadPart(RequestPart part, SignatureArgument argument)
    {
        var content = part.Content.Span;
        if (argument.Type.Kind == ScriptTypeKind.String)
            return new StringValue(Encoding.UTF8.GetString(content));
        if (argument.Type.Kind == ScriptTypeKind.Tensor && !LooksLikeJson(content, part.ContentType))
            return ReadBytes(content, argument);
        var reader = new ValueReader(new JsonCursor(content), _signature);
        var value = reader.Read(argument.Type, argument.DType);
        try
        {
            reader.End();
            return value;
        }
        catch
        {
            value.Dispose();
            throw;
        }
    }

    private SignatureArgument Only() => _signature.Arguments is [var only]
        ? only
        : throw Invalid($"the body is no JSON; {_signature} takes {_signature.Arguments.Count} arguments, so send JSON or a form");

    private Value ReadBytes(ReadOnlySpan<byte> bytes, SignatureArgument argument)
    {
        if (argument.Type.Kind == ScriptTypeKind.String)
            return new StringValue(Encoding.UTF8.GetString(bytes));
        var inputs = model.Definition.Inputs;
        var spec = inputs.FirstOrDefault(input => input.Name == argument.Name) ?? (inputs.Count == 1 && _signature.Arguments.Count == 1 ? inputs[0] : null)
            ?? throw Invalid($"'{argument.Name}' is neither JSON nor a text, and the definition of model '{model.Definition.Name}' does not say what its bytes are (dtype and shape of inputs)");
        var tensor = Tensor.Rent(spec.DType, Fill(spec, bytes.Length));
        bytes.CopyTo(tensor.Bytes);
        return tensor;
    }

    // One size that the definition leaves open follows from the length.
    private static long[] Fill(TensorSpec spec, int length)
    {
        var shape = spec.Shape.ToArray();
        var open = Array.FindAll(shape, static size => size < 0).Length;
        var known = shape.Where(static size => size >= 0).Aggregate(1L, static (product, size) => product * size) * spec.DType.ElementSize();
        if (open > 1 || known == 0 || (open == 0 ? known != length : length % known != 0))
            throw Invalid($"{length} bytes are no {spec.DType.TorchName()} tensor of shape [{string.Join(',', shape)}]");
        for (var i = 0; i < shape.Length; i++)
            shape[i] = shape[i] < 0 ? length / known : shape[i];
        return shape;
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> content, string? contentType)
    {
        if (contentType is not null && contentType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            return true;
        var start = content.IndexOfAnyExcept(" \t\r\n"u8);
        return start >= 0 && content[start] is (byte)'[' or (byte)'{' or (byte)'"';
    }

    private static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);
}

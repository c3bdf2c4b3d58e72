namespace Granary.Api.TorchServe.Inference;

/// <summary>One named part of a request: a field of a form, an input of a gRPC request, or the whole body, which is called <c>body</c>.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="ContentType">Media type without parameters; null when nobody said.</param>
internal readonly record struct RequestPart(string Name, ReadOnlyMemory<byte> Content, string? ContentType);

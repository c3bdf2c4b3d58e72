using Granary.Torch;

namespace Granary.Api.Infernet;

/// <summary>An off-chain request, understood: the tensor, which model, and how the answer is to be written.</summary>
internal readonly record struct InfernetRequest(InfernetFormat Format, Tensor Input, ModelReference Model);

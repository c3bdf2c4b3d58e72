using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>Writes the answer to a V1 request.</summary>
internal interface IReplyWriter
{
    /// <summary>Writes the whole body.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: the form cannot express the value.</exception>
    void Write(PooledBufferWriter writer, ServedModel model, Value result);
}

using System.Buffers;
using System.IO.Pipelines;

namespace Granary.Api.Grpc;

/// <summary>Writes large blocks, such as tensors, to a response.</summary>
internal static class GrpcOutput
{
    private const int PieceBytes = 256 * 1024;

    /// <summary>
    /// Appends a block, sending it piece by piece, so that the server never holds more than a piece of it twice.
    /// </summary>
    /// <exception cref="OperationCanceledException">The deadline of the call has passed.</exception>
    public static async ValueTask WriteAsync(PipeWriter output, ReadOnlyMemory<byte> block, CancellationToken cancellation)
    {
        while (block.Length > PieceBytes)
        {
            await output.WriteAsync(block[..PieceBytes], cancellation);
            block = block[PieceBytes..];
        }

        output.Write(block.Span);
    }
}

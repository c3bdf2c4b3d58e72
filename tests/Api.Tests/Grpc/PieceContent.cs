using System.Net;
using System.Threading.Channels;

namespace Granary.Api.Tests.Grpc;

/// <summary>A request body that a test sends piece by piece, each in a frame of its own.</summary>
internal sealed class PieceContent : HttpContent
{
    private readonly Channel<(byte[] Piece, TaskCompletionSource Sent)> _pieces = Channel.CreateUnbounded<(byte[], TaskCompletionSource)>();

    /// <summary>Sends a piece; done when it has left.</summary>
    public Task WriteAsync(byte[] piece)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(_pieces.Writer.TryWrite((piece, sent)));
        return sent.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Ends the body.</summary>
    public void Complete() => _pieces.Writer.Complete();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    // The client cancels when the server has ended the call before the body has.
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The head must leave before the first piece.
        await stream.FlushAsync(cancellationToken);
        await foreach (var (piece, sent) in _pieces.Reader.ReadAllAsync(cancellationToken))
        {
            await stream.WriteAsync(piece, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            sent.SetResult();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

namespace Granary.Api.Grpc;

/// <summary>The messages of a caller that sends several. One reader at a time; it may run beside the writer of responses.</summary>
internal sealed class GrpcRequestStream<TMessage>(GrpcCall call, GrpcCodec<TMessage> codec) : IDisposable
{
    private bool _has;

    /// <summary>The latest message; valid until the next <see cref="MoveNextAsync"/>.</summary>
    public TMessage Current { get; private set; } = default!;

    /// <summary>Waits for the next message; false when the caller has sent its last one.</summary>
    /// <exception cref="GrpcException">The message is framed wrongly or too large, or the server shuts down.</exception>
    /// <exception cref="OperationCanceledException">The deadline of the call has passed.</exception>
    public async ValueTask<bool> MoveNextAsync()
    {
        Dispose();
        if (!await call.Input.ReadNextAsync(call.ReadCancellation))
            return false;
        Current = codec.Read(call.Input.Message);
        _has = true;
        return true;
    }

    /// <summary>The messages to the last; for <c>await foreach</c>.</summary>
    public async IAsyncEnumerable<TMessage> ReadAllAsync()
    {
        while (await MoveNextAsync())
            yield return Current;
    }

    /// <summary>Lets go of the latest message.</summary>
    public void Dispose()
    {
        if (!_has)
            return;
        _has = false;
        codec.Release(Current);
        Current = default!;
    }
}

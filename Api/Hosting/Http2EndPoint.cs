using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Granary.Api.Hosting;

/// <summary>An address that nobody can connect to; see <see cref="Http2Ports"/>.</summary>
internal sealed class Http2EndPoint : EndPoint
{
    public static readonly Http2EndPoint Instance = new();

    public override string ToString() => "http2.invalid";
}

/// <summary>Opens <see cref="Http2EndPoint"/>: nothing ever comes in there.</summary>
internal sealed class Http2EndPointFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is Http2EndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Listener());

    private sealed class Listener : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => Http2EndPoint.Instance;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(_end.Task);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _end.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

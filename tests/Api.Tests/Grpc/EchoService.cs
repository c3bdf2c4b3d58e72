using System.Threading.Channels;
using Granary.Api.Grpc;
using Granary.Api.Tests.Grpc.Protos;
using Granary.Serving;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.Tests.Grpc;

/// <summary>Every kind of method; registered the way a protocol registers its service.</summary>
internal sealed class EchoService : IGrpcService
{
    private readonly RawCodec _raw = new();

    /// <summary>Told the name of each method that starts to wait, and once more when it was cancelled.</summary>
    public Channel<string> Events { get; } = Channel.CreateUnbounded<string>();

    /// <summary>Raw messages that were read or written and not released yet.</summary>
    public int Unreleased => _raw.Unreleased;

    public ServiceDescriptor Descriptor { get; } = EchoReflection.Descriptor.Services[0];

    public void Bind(GrpcServiceBuilder methods) => methods
        .Unary<EchoMessage, EchoMessage>("Unary", UnaryAsync)
        .ServerStreaming<EchoMessage, EchoMessage>("Repeat", RepeatAsync)
        .ClientStreaming<EchoMessage, EchoMessage>("Collect", CollectAsync)
        .Duplex<EchoMessage, EchoMessage>("Chat", ChatAsync)
        .Unary<EchoMessage, EchoMessage>("Metadata", MetadataAsync)
        .Unary("Raw", static (RawMessage request, GrpcCall _) => new ValueTask<RawMessage>(new RawMessage(request.Bytes)), _raw, _raw);

    private async ValueTask<EchoMessage> UnaryAsync(EchoMessage request, GrpcCall call)
    {
        if (request.Wait)
            await WaitAsync("Unary", call);
        ThrowIfAsked(request);
        return request;
    }

    private async Task RepeatAsync(EchoMessage request, GrpcResponseStream<EchoMessage> responses, GrpcCall call)
    {
        for (var i = 0; i < request.Count; i++)
            await responses.WriteAsync(new EchoMessage { Text = request.Text, Count = i, Payload = request.Payload });
        if (request.Wait)
            await WaitAsync("Repeat", call);
        ThrowIfAsked(request);
    }

    private async Task<EchoMessage> CollectAsync(GrpcRequestStream<EchoMessage> requests, GrpcCall call)
    {
        var answer = new EchoMessage();
        await foreach (var request in requests.ReadAllAsync())
        {
            ThrowIfAsked(request);
            answer.Text += request.Text;
            answer.Count++;
        }

        return answer;
    }

    private async Task ChatAsync(GrpcRequestStream<EchoMessage> requests, GrpcResponseStream<EchoMessage> responses, GrpcCall call)
    {
        Events.Writer.TryWrite("Chat starts");
        while (await requests.MoveNextAsync())
        {
            ThrowIfAsked(requests.Current);
            await responses.WriteAsync(requests.Current);
        }
    }

    private static ValueTask<EchoMessage> MetadataAsync(EchoMessage request, GrpcCall call)
    {
        var answer = new EchoMessage();
        if (call.GetMetadata("x-text") is { } text)
            answer.Metadata.Add("x-text", text);
        if (call.GetBinaryMetadata("x-bytes-bin") is { } bytes)
            answer.Metadata.Add("x-bytes-bin", Convert.ToHexString(bytes));
        answer.Metadata.Add("timeout", call.Timeout?.ToString() ?? "none");
        call.AddHeader("x-head", "before");
        call.AddHeader("x-head-bin", [0, 255, 1]);
        call.AddTrailer("x-tail", "after");
        call.AddTrailer("x-tail-bin", [1, 2, 3, 4]);
        ThrowIfAsked(request);
        return new ValueTask<EchoMessage>(answer);
    }

    private async Task WaitAsync(string method, GrpcCall call)
    {
        Events.Writer.TryWrite($"{method} waits");
        try
        {
            await Task.Delay(Timeout.Infinite, call.Cancellation);
        }
        finally
        {
            Events.Writer.TryWrite($"{method} cancelled");
        }
    }

    private static void ThrowIfAsked(EchoMessage request)
    {
        if (request.Fail.Length == 0)
            return;
        if (request.Fail == "defect")
            throw new InvalidOperationException("/secret/path");
        throw new ServingException(Enum.Parse<ServingError>(request.Fail), request.Text) { RetryAfter = request.Count > 0 ? TimeSpan.FromMilliseconds(request.Count) : null };
    }
}

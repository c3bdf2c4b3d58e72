using System.Threading.Channels;
using Granary.Api.Grpc;

namespace Granary.Api.OpenInference.Grpc;

/// <summary><c>ModelInfer</c> and <c>ModelStreamInfer</c>.</summary>
internal sealed partial class InferMethods(V2Inference inference, ILogger<InferMethods> logger)
{
    /// <summary>Requests of one stream that run or wait to be answered at the same time.</summary>
    internal const int StreamWindow = 64;

    private const string WantsStatus = "triton_grpc_error";

    /// <summary>One request, one answer.</summary>
    public async ValueTask<V2Answer> InferAsync(InferMessage message, GrpcCall call)
    {
        var model = await inference.FindAsync(message.ModelName, message.ModelVersion, call.Cancellation);
        using var request = InferRequestBinder.Bind(message);
        return await inference.InferAsync(model, request, call.Cancellation);
    }

    /// <summary>
    /// Requests of a stream run side by side, so that they can be batched, and are answered in their order. A failure is told in
    /// its place and the stream goes on, unless the caller's metadata <c>triton_grpc_error: true</c> asks for a status instead.
    /// </summary>
    public async Task StreamAsync(GrpcRequestStream<InferMessage> requests, GrpcResponseStream<StreamAnswer> responses, GrpcCall call)
    {
        var endsOnFailure = string.Equals(call.GetMetadata(WantsStatus), "true", StringComparison.OrdinalIgnoreCase);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        var running = Channel.CreateBounded<Task<StreamAnswer>>(new BoundedChannelOptions(StreamWindow) { SingleReader = true, SingleWriter = true });
        var answering = AnswerAsync(running.Reader, responses, call, stop);
        Exception? failure = null;
        try
        {
            while (!stop.IsCancellationRequested && await requests.MoveNextAsync())
                await running.Writer.WriteAsync(RunAsync(requests.Current, endsOnFailure, stop.Token), stop.Token);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        // What was asked before the caller broke off or sent nonsense is answered all the same.
        running.Writer.Complete();
        await answering;
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    private static async Task AnswerAsync(ChannelReader<Task<StreamAnswer>> running, GrpcResponseStream<StreamAnswer> responses, GrpcCall call, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var answer in running.ReadAllAsync())
                await responses.WriteAsync(await answer);
        }
        catch
        {
            // No request that is still to come can be answered any more, and nobody shall wait for one.
            await stop.CancelAsync();
            call.Input.Stop();
            await foreach (var answer in running.ReadAllAsync())
                await DiscardAsync(answer);
            throw;
        }
    }

    private static async Task DiscardAsync(Task<StreamAnswer> answer)
    {
        try
        {
            (await answer).Answer?.Dispose();
        }
        catch (Exception)
        {
            // The first failure is the one that is told.
        }
    }

    // Up to its first wait this runs before the next message is read, and binding copies what it needs of this one.
    private async Task<StreamAnswer> RunAsync(InferMessage message, bool endsOnFailure, CancellationToken cancellation)
    {
        V2Request? request = null;
        try
        {
            request = InferRequestBinder.Bind(message);
            var model = await inference.FindAsync(message.ModelName, message.ModelVersion, cancellation);
            return new StreamAnswer(await inference.InferAsync(model, request, cancellation), null, "", "", "");
        }
        catch (Exception exception) when (!endsOnFailure && !cancellation.IsCancellationRequested)
        {
            var failure = GrpcErrors.From(exception);
            if (failure.IsDefect)
                LogDefect(exception, message.ModelName);
            return new StreamAnswer(null, failure.Message, message.ModelName, message.ModelVersion, message.Id);
        }
        finally
        {
            request?.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Error, "A request of a stream to model {Model} failed unexpectedly")]
    private partial void LogDefect(Exception exception, string model);
}

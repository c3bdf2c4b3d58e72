using System.Buffers;
using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Embeddings;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Lookup;
using Granary.Serving.Embeddings.Remote;
using Granary.Serving.Json;
using Microsoft.Extensions.Options;

namespace Granary.Api.Persia;

/// <summary>
/// The calls of Persia's parameter servers and of its workers that inference needs. Bodies are the arguments in the encoding of speedy,
/// answers the results. Never throws. Source: PersiaML/PERSIA, <c>rust/persia-embedding-server/src</c>.
/// </summary>
internal sealed partial class PersiaEndpoints(IEmbeddingTables tables, IOptions<EmbeddingOptions> options, IOptions<ServerOptions> server, ILogger<PersiaEndpoints> logger)
{
    // Variants of EmbeddingModelManagerStatus: Loading with how far it is, which is not known, and Idle.
    private static readonly ReadOnlyMemory<byte> Loading = new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 };
    private static readonly ReadOnlyMemory<byte> Idle = new byte[] { 2, 0, 0, 0 };
    private readonly int _replicaIndex = options.Value.ReplicaIndex;
    private readonly long _limitBytes = server.Value.MaxRequestBodyBytes;

    /// <summary><c>ready_for_serving() -> bool</c>, of both kinds of server.</summary>
    public Task ReadyAsync(HttpContext context) => PersiaAnswers.WriteAsync(context, tables.IsReady);

    /// <summary><c>model_manager_status() -> EmbeddingModelManagerStatus</c>, as parameter servers have it.</summary>
    public Task StatusAsync(HttpContext context) => PersiaAnswers.WriteAsync(context, tables.IsReady ? Idle : Loading);

    /// <summary><c>replica_index() -> usize</c>.</summary>
    public Task ReplicaIndexAsync(HttpContext context) => PersiaAnswers.WriteAsync(context, _replicaIndex);

    /// <summary><c>lookup_mixed((Vec&lt;(u64, usize)>, bool)) -> Result&lt;Vec&lt;f32>></c>.</summary>
    public Task LookupMixedAsync(HttpContext context) => GuardAsync(context, static (self, context) => self.LookupAsync(context, isMixed: true));

    /// <summary><c>lookup_inference(Bytes) -> Result&lt;Bytes></c>.</summary>
    public Task LookupInferenceAsync(HttpContext context) => GuardAsync(context, static (self, context) => self.LookupAsync(context, isMixed: false));

    /// <summary><c>forward_batched_direct(IDTypeFeatureBatch) -> Result&lt;EmbeddingBatch></c>, of workers.</summary>
    public Task ForwardAsync(HttpContext context) => GuardAsync(context, static (self, context) => self.ForwardCoreAsync(context));

    private async Task LookupAsync(HttpContext context, bool isMixed)
    {
        using var request = await ReadAsync<LookupRequest>(context, isMixed ? LookupRequest.ReadMixed : LookupRequest.ReadInference);
        var numbers = ArrayPool<float>.Shared.Rent(request.Elements);
        try
        {
            var rows = numbers.AsMemory(0, request.Elements);
            await tables.Rows.LookupAsync(request.ToGroups(rows), context.RequestAborted);
            await PersiaAnswers.WriteRowsAsync(context, rows, isMixed);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(numbers);
        }
    }

    private async Task ForwardCoreAsync(HttpContext context)
    {
        using var batch = await ReadAsync<PersiaBatch>(context, PersiaBatchReader.ReadFeatures);
        using var output = new PooledBufferWriter();
        var embeddings = await new EmbeddingLookup(tables.Config, tables.Rows).RunAsync(batch.Features, asFloat32: false, context.RequestAborted);
        try
        {
            EmbeddingBatchWriter.Write(output, embeddings);
        }
        finally
        {
            foreach (var embedding in embeddings)
                embedding.Dispose();
        }

        await PersiaAnswers.WriteAsync(context, output.WrittenMemory);
    }

    private delegate T Reader<T>(ReadOnlySpan<byte> bytes);

    // Gives the body back before anything is looked up.
    private async ValueTask<T> ReadAsync<T>(HttpContext context, Reader<T> read)
    {
        if (!tables.IsReady)
            throw new ServingException(ServingError.Unavailable, tables.Reason ?? "the embeddings are not loaded yet");
        using var body = await RequestBody.ReadAsync(context.Request, _limitBytes, context.RequestAborted);
        return read(body.Span);
    }

    private async Task GuardAsync(HttpContext context, Func<PersiaEndpoints, HttpContext, Task> answer)
    {
        try
        {
            await answer(this, context);
        }
        catch (Exception exception)
        {
            // Nobody is left to tell.
            if (context.RequestAborted.IsCancellationRequested)
                return;
            var failure = Failure.From(exception);
            if (failure.IsDefect)
                LogDefect(exception, context.Request.Path);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await PersiaErrors.WriteAsync(context, failure);
        }
    }

    [LoggerMessage(LogLevel.Error, "A call of {Path} failed unexpectedly")]
    private partial void LogDefect(Exception exception, PathString path);
}

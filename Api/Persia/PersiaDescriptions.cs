using Granary.Api.Description;

namespace Granary.Api.Persia;

/// <summary>What the OpenAPI document says of Persia's calls.</summary>
internal static class PersiaDescriptions
{
    private const string Tag = "Persia";
    private const string Bytes = "application/octet-stream";
    private const string Encoding = "Body and answer are in the little-endian encoding of Rust's speedy.";

    private static readonly ResponseDescription Failed = new(500, "It failed; the text says why.", "the request is no list of signs and dimensions: byte 0: 4 bytes are expected and 0 follow", "text/plain");

    public static OperationDescription Ready { get; } = new(Tag, "Whether the embeddings are loaded")
    {
        Responses = [new(200, "`bool`: one byte, 1 or 0.", ContentType: Bytes)],
        Security = "bearer",
    };

    public static OperationDescription Status { get; } = new(Tag, "What the tables do")
    {
        Responses = [new(200, "`enum`: 1 and a float32 while they load, 2 when idle.", ContentType: Bytes)],
        Security = "bearer",
    };

    public static OperationDescription ReplicaIndex { get; } = new(Tag, "The place of this process among the embedding servers")
    {
        Responses = [new(200, "`usize`: eight bytes.", ContentType: Bytes)],
        Security = "bearer",
    };

    public static OperationDescription LookupMixed { get; } = new(Tag, "Look up rows, as parameter servers do")
    {
        Details = $"`(Vec<(u64, usize)>, bool)`: signs with their prefixes and dimensions, and whether to train, which is not done here. {Encoding}",
        Responses = [new(200, "`Result<Vec<f32>>`: the rows one after the other; zeros for signs that are not there.", ContentType: Bytes), Failed],
        Security = "bearer",
    };

    public static OperationDescription LookupInference { get; } = new(Tag, "Look up rows, in blocks of bytes")
    {
        Details = $"`Bytes` that hold a `Vec<(u64, usize)>`. {Encoding}",
        Responses = [new(200, "`Result<Bytes>` that hold a `Vec<f32>`.", ContentType: Bytes), Failed],
        Security = "bearer",
    };

    public static OperationDescription Forward { get; } = new(Tag, "Look up the features of a batch, as workers do")
    {
        Details = $"`IDTypeFeatureBatch`: ids as clients have them. {Encoding}",
        Responses = [new(200, "`Result<EmbeddingBatch>`: float16, summed or raw, in the order of the batch.", ContentType: Bytes), Failed],
        Security = "bearer",
    };
}

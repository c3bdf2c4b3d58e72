using Granary.Serving.Embeddings.Configuration;

namespace Granary.Serving.Tests.Embeddings.Configuration;

/// <summary>Every generation's words for the same.</summary>
public sealed class GlobalConfigTests
{
    private static GlobalConfig Parse(string yaml) => GlobalConfig.Parse(yaml, "global_config.yaml");

    [Theory]
    [InlineData("PersiaInferConfig:\n  servers: [emb_server_1:8000, emb_server_2:8000]\n  initial_sparse_checkpoint: /your/sparse/model/dir")]
    [InlineData("common_config:\n  infer_config:\n    servers:\n      - emb_server_1:8000\n      - emb_server_2:8000\n    embedding_checkpoint: /your/sparse/model/dir\n  job_type: Infer")]
    [InlineData("common_config: {servers: [emb_server_1:8000, emb_server_2:8000], initial_sparse_checkpoint: /your/sparse/model/dir}")]
    [InlineData("common_config: {job_type: {Infer: {servers: [emb_server_1:8000, emb_server_2:8000], embedding_checkpoint: /your/sparse/model/dir}}}")]
    public void Parse_AnyGeneration_NamesServersAndCheckpoint(string yaml)
    {
        var config = Parse(yaml);
        Assert.Equal(["emb_server_1:8000", "emb_server_2:8000"], config.Servers);
        Assert.Equal("/your/sparse/model/dir", config.Checkpoint);
        Assert.Empty(config.Warnings);
    }

    [Theory]
    [InlineData("embedding_parameter_server_config")]
    [InlineData("shard_server_config")]
    public void Parse_TheServersSection_GivesCapacityAndPackets(string section)
    {
        var config = Parse($"{section}: {{capacity: 1_000_000, incremental_dir: /packets, num_hashmap_internal_shards: 64, enable_incremental_update: true}}");
        Assert.Equal((1_000_000, "/packets"), (config.Capacity, config.IncrementalDirectory));
        Assert.Empty(config.Warnings);
    }

    [Fact]
    public void Parse_Nothing_IsPersiasDefaults()
    {
        var config = Parse("# nothing\n");
        Assert.Equal((1_000_000_000, "/workspace/incremental_dir/", null), (config.Capacity, config.IncrementalDirectory, config.Checkpoint));
        Assert.Empty(config.Servers);
    }

    [Fact]
    public void Parse_UnknownKeys_AreNamed() => Assert.Equal(
        ["global_config.yaml: common_config: job_typ is not known and was ignored", "global_config.yaml: extra is not known and was ignored"],
        Parse("common_config: {job_typ: Infer}\nembedding_worker_config: {forward_buffer_size: 1}\nextra: 1").Warnings);

    [Fact]
    public void Parse_TrainingOrHdfs_IsAWarning() => Assert.Equal(
        ["job_type is Train; this service only infers", "global_config.yaml: storage is hdfs; files are read from mounted directories only"],
        Parse("common_config: {job_type: Train}\nshard_server_config: {storage: hdfs}").Warnings);

    [Theory]
    [InlineData("PersiaInferConfig: 1", "is no mapping")]
    [InlineData("PersiaInferConfig: {servers: 1}", "is no list of texts")]
    [InlineData("shard_server_config: {capacity: many}", "is 'many'; expected a whole number from 1")]
    public void Parse_WhatIsWrong_IsSaid(string yaml, string message) => Assert.Contains(message, Assert.Throws<ServingException>(() => Parse(yaml)).Message);
}

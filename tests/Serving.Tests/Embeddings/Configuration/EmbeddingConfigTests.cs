using Granary.Serving.Embeddings.Configuration;

namespace Granary.Serving.Tests.Embeddings.Configuration;

public sealed class EmbeddingConfigTests
{
    private static EmbeddingConfig Parse(string yaml, List<string>? warnings = null) => EmbeddingConfig.Parse(yaml, "embedding_config.yaml", warnings ?? []);

    [Fact]
    public void Parse_AWholeFile_IsUnderstood()
    {
        var warnings = new List<string>();
        var config = Parse("""
            feature_index_prefix_bit: 12
            slots_config:
              workclass: {dim: 8}
              education:
                dim: 16
                sample_fixed_size: 3
                embedding_summation: false
                sqrt_scaling: true
                hash_stack_config: {hash_stack_rounds: 2, embedding_size: 1000}
                colour: blue
              race: {dim: 8}
            feature_groups:
              people: [race, workclass]
            """, warnings);
        Assert.Equal(["workclass", "education", "race"], config.Slots.Select(static slot => slot.Name));
        // The group comes first, then the slot that is in none.
        Assert.Equal([1UL << 52, 2UL << 52, 1UL << 52], config.Slots.Select(static slot => slot.Prefix));
        Assert.Equal((1UL << 52) - 1, config.Spacing);
        var education = config.Find("education")!;
        Assert.Equal((16, 3, false, true, 2, 1000UL), (education.Dim, education.SampleFixedSize, education.Summation, education.SqrtScaling, education.HashStackRounds, education.HashStackSize));
        var defaults = config.Find("race")!;
        Assert.Equal((10, true, false, 0), (defaults.SampleFixedSize, defaults.Summation, defaults.SqrtScaling, defaults.HashStackRounds));
        Assert.Equal(["embedding_config.yaml: slots_config: education: colour is not known and was ignored"], warnings);
        Assert.Null(config.Find("none"));
    }

    [Fact]
    public void Parse_NoPrefixBits_AreEight() => Assert.Equal([1UL << 56, 2UL << 56], Parse("slots_config: {b: {dim: 1}, a: {dim: 1}}").Slots.Select(static slot => slot.Prefix));

    [Theory]
    [InlineData("", "has no slots_config")]
    [InlineData("[]", "its outermost value is no mapping")]
    [InlineData("slots_config: {a: {}}", "slots_config: a has no dim")]
    [InlineData("slots_config: {a: {dim: 0}}", "dim is '0'; expected a whole number from 1")]
    [InlineData("slots_config: {a: {dim: 8, index_prefix: 5}}", "sets index_prefix")]
    [InlineData("slots_config: {a: {dim: 8, sqrt_scaling: perhaps}}", "expected true or false")]
    [InlineData("slots_config: {a: {dim: 8, hash_stack_config: {hash_stack_rounds: 2}}}", "has hash_stack_rounds without embedding_size")]
    [InlineData("{slots_config: {a: {dim: 8}}, feature_groups: {a: []}}", "has a slot and a feature group of the name 'a'")]
    [InlineData("{slots_config: {a: {dim: 8}}, feature_groups: {g: [b]}}", "with 'b', which is no slot")]
    [InlineData("{slots_config: {a: {dim: 8}}, feature_groups: {g: [a], h: [a]}}", "has the slot 'a' twice")]
    [InlineData("{feature_index_prefix_bit: 0, slots_config: {a: {dim: 8}}}", "expected a whole number from 1")]
    [InlineData("{feature_index_prefix_bit: 1, slots_config: {a: {dim: 8}, b: {dim: 8}}}", "has 2 feature groups, too many for 1 bits")]
    [InlineData("slots_config: {a: {dim: 8}", "line ")]
    public void Parse_WhatIsWrong_IsSaid(string yaml, string message)
    {
        var exception = Assert.Throws<ServingException>(() => Parse(yaml));
        Assert.Equal(ServingError.InvalidArgument, exception.Error);
        Assert.Contains(message, exception.Message);
    }
}

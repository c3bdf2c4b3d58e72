using System.Buffers;
using Granary.Serving.Embeddings.Remote;

namespace Granary.Serving.Tests.Embeddings.Remote;

public sealed class LookupRequestTests
{
    private const string Request = "02000000070000000000000002000000000000000900000000000000020000000000000000";
    private const string Answer = "01040000000000003f000000bf0000803f00000040";

    [Fact]
    public void ReadMixed_TheVector_GivesSignsAndDimensions()
    {
        var request = LookupRequest.ReadMixed(Convert.FromHexString(Request));
        Assert.Equal([7UL, 9UL], request.Signs);
        Assert.Equal([2, 2], request.Dims);
        Assert.Equal((false, 4L), (request.IsTraining, request.Elements));
    }

    [Fact]
    public void WriteMixed_TheSame_IsTheVector()
    {
        var output = new ArrayBufferWriter<byte>();
        new LookupRequest([7, 9], [2, 2], false).WriteMixed(output);
        Assert.Equal(Request, Convert.ToHexStringLower(output.WrittenSpan));
    }

    [Fact]
    public void Answers_BothWays_AreTheVector()
    {
        var output = new ArrayBufferWriter<byte>();
        LookupRequest.WriteMixedAnswer(output, [0.5f, -0.5f, 1, 2]);
        Assert.Equal(Answer, Convert.ToHexStringLower(output.WrittenSpan));
        var numbers = new float[4];
        LookupRequest.ReadMixedAnswer(output.WrittenSpan, numbers);
        Assert.Equal([0.5f, -0.5f, 1, 2], numbers);
    }

    [Fact]
    public void ReadInference_ABlockOfPairs_IsTheSame()
    {
        // Length, count, one pair.
        var request = LookupRequest.ReadInference(Convert.FromHexString("14000000" + "01000000" + "0700000000000000" + "0200000000000000"));
        Assert.Equal([7UL], request.Signs);
        Assert.Equal([2], request.Dims);
        var output = new ArrayBufferWriter<byte>();
        LookupRequest.WriteInferenceAnswer(output, [1, 2]);
        Assert.Equal("01" + "0c000000" + "02000000" + "0000803f" + "00000040", Convert.ToHexStringLower(output.WrittenSpan));
    }

    [Fact]
    public void ReadMixed_EveryTruncationAndMore_IsRefused()
    {
        var bytes = Convert.FromHexString(Request);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(ServingError.InvalidArgument, Assert.Throws<ServingException>(() => LookupRequest.ReadMixed(bytes.AsSpan(0, length))).Error);
        Assert.Throws<ServingException>(() => LookupRequest.ReadMixed([.. bytes, 0]));
        bytes[12] = 0;
        Assert.Contains("dimension 0", Assert.Throws<ServingException>(() => LookupRequest.ReadMixed(bytes)).Message);
    }

    [Theory]
    [InlineData("00")]
    [InlineData("0102000000000000000000003f")]
    [InlineData("02")]
    [InlineData("")]
    [InlineData("01040000000000003f000000bf0000803f0000004000")]
    public void ReadMixedAnswer_AnotherAnswer_IsSourceFailed(string hex) =>
        Assert.Equal(ServingError.SourceFailed, Assert.Throws<ServingException>(() => LookupRequest.ReadMixedAnswer(Convert.FromHexString(hex), new float[4])).Error);
}

using Granary.Serving.Embeddings.Remote;

namespace Granary.Serving.Tests.Embeddings.Remote;

public sealed class LookupRequestTests
{
    private const string Request = "02000000070000000000000002000000000000000900000000000000020000000000000000";
    private const string Answer = "01040000000000003f000000bf0000803f00000040";

    [Fact]
    public void ReadMixed_TheVector_GivesSignsAndDimensions()
    {
        using var request = LookupRequest.ReadMixed(Convert.FromHexString(Request));
        Assert.Equal([7UL, 9UL], request.Signs.ToArray());
        Assert.Equal([new LookupRun(0, 2, 2)], request.Runs);
        Assert.Equal((false, 4), (request.IsTraining, request.Elements));
    }

    [Fact]
    public void ToGroups_DimensionsThatChange_AreRunsInOrder()
    {
        using var request = LookupRequest.ReadMixed(Convert.FromHexString("03000000" + "0100000000000000" + "0200000000000000" + "0200000000000000" + "0300000000000000" + "0300000000000000" + "0300000000000000" + "01"));
        Assert.True(request.IsTraining);
        var rows = new float[8];
        var groups = request.ToGroups(rows);
        Assert.Equal([2, 3], groups.Select(static group => group.Dim));
        Assert.Equal([2UL, 3UL], groups[1].Signs.ToArray());
        groups[0].Rows.Span.Fill(1);
        groups[1].Rows.Span.Fill(2);
        Assert.Equal([1, 1, 2, 2, 2, 2, 2, 2], rows);
    }

    [Fact]
    public void ReadInference_ABlockOfPairs_IsTheSame()
    {
        // Length, count, one pair.
        using var request = LookupRequest.ReadInference(Convert.FromHexString("14000000" + "01000000" + "0700000000000000" + "0200000000000000"));
        Assert.Equal([7UL], request.Signs.ToArray());
        Assert.Equal([new LookupRun(0, 1, 2)], request.Runs);
    }

    [Fact]
    public void ReadMixed_EveryTruncationAndMore_IsRefused()
    {
        var bytes = Convert.FromHexString(Request);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(ServingError.InvalidArgument, Assert.Throws<ServingException>(() => LookupRequest.ReadMixed(bytes.AsSpan(0, length))).Error);
        Assert.Throws<ServingException>(() => LookupRequest.ReadMixed([.. bytes, 0]));
        bytes[12] = 0;
        Assert.StartsWith("the request is no list of signs and dimensions: byte 12: an embedding has dimension 0;", Assert.Throws<ServingException>(() => LookupRequest.ReadMixed(bytes)).Message);
    }

    [Fact]
    public void Heads_OfFourNumbers_AreTheVector()
    {
        var head = new byte[LookupAnswer.InferenceHeadBytes];
        LookupAnswer.WriteMixedHead(head, 4);
        Assert.Equal(Answer[..10], Convert.ToHexStringLower(head.AsSpan(0, LookupAnswer.MixedHeadBytes)));
        LookupAnswer.WriteInferenceHead(head, 2);
        Assert.Equal("01" + "0c000000" + "02000000", Convert.ToHexStringLower(head));
    }

    [Fact]
    public void ReadMixed_TheVectorsAnswer_GivesItsNumbers() =>
        Assert.Equal(Answer[10..], Convert.ToHexStringLower(LookupAnswer.ReadMixed(Convert.FromHexString(Answer), 4, "there:1")));

    [Theory]
    [InlineData("00")]
    [InlineData("0102000000000000000000003f")]
    [InlineData("02")]
    [InlineData("")]
    [InlineData("01040000000000003f000000bf0000803f0000004000")]
    public void ReadMixed_AnotherAnswer_IsSourceFailedAndNamesTheServer(string hex)
    {
        var error = Assert.Throws<ServingException>(() => { LookupAnswer.ReadMixed(Convert.FromHexString(hex), 4, "there:1"); });
        Assert.Equal(ServingError.SourceFailed, error.Error);
        Assert.StartsWith("embedding server 'there:1'", error.Message);
    }
}

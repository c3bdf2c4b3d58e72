using System.Numerics;
using Granary.Serving.Clusters;
using Granary.Serving.Responses;
using Granary.Torch;

namespace Granary.Serving.Tests.Responses;

public sealed class RequestHasherTests
{
    // Each differs from every other in one thing that decides the answer, or might.
    public static readonly IReadOnlyList<Func<InferenceRequest>> Different =
    [
        static () => Request(),
        static () => Request(Floats([2], 1, 2)),
        static () => Request(Floats([2], 1, 3)),
        static () => Request(Floats([2, 1], 1, 2)),
        static () => Request(Floats([1, 2], 1, 2)),
        static () => Request(Floats([4], 1, 2, 0, 0)),
        static () => Request(Floats([2], 1, 2)) with { Method = "other" },
        static () => Named("x", Floats([2], 1, 2)),
        static () => Named("y", Floats([2], 1, 2)),
        static () => Named("", Floats([2], 1, 2)),
        static () => Request(Tensor.From<int>(DType.Int32, [2], [BitConverter.SingleToInt32Bits(1), BitConverter.SingleToInt32Bits(2)])),
        static () => Request(Floats([2], 1, 2), Floats([0])),
        static () => Request(Floats([0]), Floats([2], 1, 2)),
        static () => Request(Floats([1], 1), Floats([1], 2)),
        static () => Request(new ListValue([Floats([1], 1), Floats([1], 2)])),
        static () => Request(new TupleValue([Floats([1], 1), Floats([1], 2)])),
        static () => Request(new ListValue([Floats([1], 1)]), Floats([1], 2)),
        static () => Request(new ListValue([])),
        static () => Request(new StringValue("")),
        static () => Request(new StringValue("ab"), new StringValue("c")),
        static () => Request(new StringValue("a"), new StringValue("bc")),
        static () => Request(new ListValue([new StringValue("ab"), new StringValue("c")])),
        static () => Request(new IntValue(1)),
        static () => Request(new IntValue(0)),
        static () => Request(new BoolValue(true)),
        static () => Request(new BoolValue(false)),
        static () => Request(new DoubleValue(0)),
        static () => Request(new DoubleValue(-0.0)),
        static () => Request(new ComplexValue(new Complex(0, 1))),
        static () => Request(new ComplexValue(new Complex(1, 0))),
        static () => Request(NoneValue.Instance),
        static () => Request(new DictValue([new(new StringValue("a"), new IntValue(1))])),
        static () => Request(new DictValue([new(new StringValue("a"), new IntValue(2))])),
        static () => Request(new DictValue([new(new StringValue("b"), new IntValue(1))])),
    ];

    [Fact]
    public void Hash_RequestsThatDifferInAnything_Differ()
    {
        var digests = Different.Select(static make => RequestHasher.Hash(make())).ToList();

        Assert.Equal(Different.Count, digests.Distinct().Count());
    }

    [Fact]
    public void Hash_EqualRequests_AreEqual() =>
        Assert.All(Different, static make => Assert.Equal(RequestHasher.Hash(make()), RequestHasher.Hash(make())));

    [Fact]
    public void Hash_WhatDoesNotDecideTheAnswer_DoesNotMatter()
    {
        var request = Request(Floats([2], 1, 2));

        Assert.Equal(RequestHasher.Hash(request), RequestHasher.Hash(request with { Priority = 3, Timeout = TimeSpan.FromSeconds(1), QueueTimeout = TimeSpan.FromSeconds(2), WantsProvenance = true }));
    }

    [Fact]
    public void Hash_AfterOneThatFailed_IsNotChangedByIt()
    {
        var expected = RequestHasher.Hash(Different[1]());
        // Bytes that are not there: the shape promises more than 2 GiB.
        Assert.Throws<OverflowException>(static () => RequestHasher.Hash(Request(Floats([1], 1), new Tensor(DType.Float64, [1L << 40], 0, owner: null))));

        Assert.Equal(expected, RequestHasher.Hash(Different[1]()));
    }

    private static InferenceRequest Request(params Value[] values) => new() { Inputs = [.. values.Select(static value => new Argument(null, value))] };

    private static InferenceRequest Named(string name, Value value) => new() { Inputs = [new Argument(name, value)] };

    private static Tensor Floats(long[] shape, params float[] values) => Tensor.From<float>(DType.Float32, shape, values);
}

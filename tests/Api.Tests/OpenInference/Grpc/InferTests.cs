using Google.Protobuf;
using Granary.Api.Grpc.Protos;
using static Granary.Api.Tests.OpenInference.Grpc.InferenceClient;

namespace Granary.Api.Tests.OpenInference.Grpc;

/// <summary><c>ModelInfer</c> over the whole service.</summary>
public sealed class InferTests(V2Bed bed) : IClassFixture<V2Bed>, IDisposable
{
    private const int InvalidArgument = 3;
    private const int NotFound = 5;
    private const int Unimplemented = 12;

    private readonly InferenceClient _client = new(bed.Client.BaseAddress!);

    public void Dispose() => _client.Dispose();

    private static ModelInferRequest WithContents(string model, string datatype, InferTensorContents contents, params long[] shape)
    {
        var input = Input("x", datatype, shape);
        input.Contents = contents;
        return new ModelInferRequest { ModelName = model, Inputs = { input } };
    }

    [Fact]
    public async Task ModelInfer_RawTensors_AnswersRawInTheModelsOrder()
    {
        var answer = await _client.InferAsync(Simple("a"));

        Assert.Equal(("simple", "1", "a"), (answer.ModelName, answer.ModelVersion, answer.Id));
        Assert.Equal(["OUTPUT0", "OUTPUT1"], answer.Outputs.Select(output => output.Name));
        Assert.All(answer.Outputs, output => Assert.Equal(("INT32", "1,16", null), (output.Datatype, string.Join(',', output.Shape), output.Contents)));
        Assert.Equal(Enumerable.Range(1, 16), Numbers<int>(answer.RawOutputContents[0]));
        Assert.Equal(Enumerable.Range(-1, 16), Numbers<int>(answer.RawOutputContents[1]));
    }

    [Fact]
    public async Task ModelInfer_OutputsAskedFor_ComeInThatOrder()
    {
        var request = Simple();
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "OUTPUT1" });

        var answer = await _client.InferAsync(request);

        Assert.Equal("OUTPUT1", Assert.Single(answer.Outputs).Name);
        Assert.Equal(Enumerable.Range(-1, 16), Numbers<int>(Assert.Single(answer.RawOutputContents)));
    }

    [Fact]
    public async Task ModelInfer_Classification_NamesTheBestClasses()
    {
        var request = Simple();
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor
        {
            Name = "OUTPUT0",
            Parameters = { ["classification"] = new InferParameter { Int64Param = 2 } },
        });

        var answer = await _client.InferAsync(request);

        Assert.Equal(("BYTES", "1,2"), (answer.Outputs[0].Datatype, string.Join(',', answer.Outputs[0].Shape)));
        byte[] expected = [14, 0, 0, 0, .. "16:15:class 15"u8, 14, 0, 0, 0, .. "15:14:class 14"u8];
        Assert.Equal(expected, answer.RawOutputContents[0].ToByteArray());
    }

    public static TheoryData<string, byte[]> Contents => new()
    {
        { "BOOL", [1, 0, 1] },
        { "INT8", [0xFF, 2, 3] },
        { "INT16", [0xFF, 0xFF, 2, 0, 3, 0] },
        { "INT32", [0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 3, 0, 0, 0] },
        { "INT64", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0] },
        { "UINT8", [200, 2, 3] },
        { "FP32", [0, 0, 0x80, 0xBF, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40] },
        { "FP64", [0, 0, 0, 0, 0, 0, 0xF0, 0xBF, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 8, 0x40] },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task ModelInfer_TypedContents_AreTheSameTensorAsRawOnes(string datatype, byte[] expected)
    {
        var contents = datatype switch
        {
            "BOOL" => new InferTensorContents { BoolContents = { true, false, true } },
            "INT8" or "INT16" or "INT32" => new InferTensorContents { IntContents = { -1, 2, 3 } },
            "INT64" => new InferTensorContents { Int64Contents = { -1, 2, 3 } },
            "UINT8" => new InferTensorContents { UintContents = { 200, 2, 3 } },
            "FP32" => new InferTensorContents { Fp32Contents = { -1, 2, 3 } },
            _ => new InferTensorContents { Fp64Contents = { -1, 2, 3 } },
        };

        var typed = await _client.InferAsync(WithContents("echo", datatype, contents, 3));
        var raw = await _client.InferAsync(Echo(datatype, ByteString.CopyFrom(expected), 3));

        Assert.Equal(raw, typed);
        Assert.Equal(datatype, typed.Outputs[0].Datatype);
        Assert.Equal(expected, typed.RawOutputContents[0].ToByteArray());
    }

    [Theory]
    [InlineData("FP16")]
    [InlineData("BF16")]
    public async Task ModelInfer_HalfFloats_TravelRawOnly(string datatype)
    {
        byte[] halves = [0x12, 0x34, 0x56, 0x78];

        var answer = await _client.InferAsync(Echo(datatype, ByteString.CopyFrom(halves), 2));
        var (status, message) = await _client.FailAsync("ModelInfer", WithContents("echo", datatype, new InferTensorContents { Fp32Contents = { 1, 2 } }, 2));

        Assert.Equal(halves, answer.RawOutputContents[0].ToByteArray());
        Assert.Equal((InvalidArgument, $"input 'x' for model 'echo' is {datatype}, which has no contents field; send it in raw_input_contents"), (status!.Value, message));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ModelInfer_Texts_TravelBothWays(bool raw)
    {
        var request = new ModelInferRequest { ModelName = "mixed", Inputs = { Input("x", "FP32", 1), Input("words", "BYTES", 2) } };
        if (raw)
        {
            request.RawInputContents.Add(Raw([1.5f]));
            request.RawInputContents.Add(ByteString.CopyFrom([1, 0, 0, 0, .. "a"u8, 2, 0, 0, 0, .. "é"u8]));
        }
        else
        {
            request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1.5f } };
            request.Inputs[1].Contents = new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("a"), ByteString.CopyFromUtf8("é") } };
        }

        var answer = await _client.InferAsync(request);

        Assert.Equal(["FP32", "FP32", "BYTES", "INT64"], answer.Outputs.Select(output => output.Datatype));
        Assert.Equal([2, 0, 0, 0, .. "a!"u8, 3, 0, 0, 0, .. "é!"u8], answer.RawOutputContents[2].ToByteArray());
        Assert.Equal([2L], Numbers<long>(answer.RawOutputContents[3]));
    }

    [Fact]
    public async Task ModelInfer_NoElements_AreATensorToo()
    {
        var answer = await _client.InferAsync(Echo("FP32", ByteString.Empty, 0, 3));

        Assert.Equal("0,3", string.Join(',', answer.Outputs[0].Shape));
        Assert.Empty(Assert.Single(answer.RawOutputContents));
    }

    public static TheoryData<string, int, string> Mistakes => new()
    {
        { "contents and raw", InvalidArgument, "contents field must not be specified when using raw_input_contents for 'INPUT0' for model 'simple'" },
        { "too few raw", InvalidArgument, "unable to find data for input tensor 'INPUT1' for model 'simple' in request." },
        { "too many raw", InvalidArgument, "expected 2 raw_input_contents for model 'simple', one for each input in order, got 3" },
        { "wrong field", InvalidArgument, "unexpected explicit tensor data for input tensor 'INPUT0' for model 'simple' of type 'FP32', expected datatype 'INT32'" },
        { "too few elements", InvalidArgument, "unexpected number of elements in the contents of input 'INPUT0' for model 'simple'. Expected 16, got 2" },
        { "too many elements", InvalidArgument, "unexpected number of elements in the contents of input 'INPUT0' for model 'simple'. Expected 16, got 17" },
        { "raw size", InvalidArgument, "input byte size mismatch for input 'INPUT0'. Expected 64, got 60" },
        { "datatype", InvalidArgument, "invalid datatype 'FP31' for input 'INPUT0' for model 'simple'" },
        { "negative shape", InvalidArgument, "the shape [-1,16] of input 'INPUT0' for model 'simple' is negative or has too many elements" },
        { "huge shape", InvalidArgument, "the shape [4611686018427387904,16] of input 'INPUT0' for model 'simple' is negative or has too many elements" },
        { "large shape", InvalidArgument, "input byte size mismatch for input 'INPUT0'. Expected 1000000000000, got 64" },
        { "missing input", InvalidArgument, "[request id: 7] expected 2 inputs but got 1 inputs for model 'simple'. Got input(s) ['INPUT0'], but missing required input(s) ['INPUT1']. Please provide all required input(s)." },
        { "unknown output", InvalidArgument, "[request id: 7] unexpected inference output 'OUT' for model 'simple'" },
        { "unknown model", NotFound, "Request for unknown model: 'none' is not found" },
        { "unknown version", NotFound, "Request for unknown model: 'simple' version 9 is not found" },
        { "wrong version", InvalidArgument, "failed to get model version from specified version string 'x' (details: not a number), version should be an integral value > 0" },
        { "shared memory in", Unimplemented, "shared memory is not supported by this server; tensors travel in raw_input_contents and raw_output_contents" },
        { "shared memory out", Unimplemented, "shared memory is not supported by this server; tensors travel in raw_input_contents and raw_output_contents" },
        { "classification type", InvalidArgument, "invalid value type for 'classification' parameter, expected int64_param." },
        { "priority type", InvalidArgument, "invalid value type for 'priority' parameter, expected int64_param or uint64_param." },
        { "timeout type", InvalidArgument, "invalid value type for 'timeout' parameter, expected int64_param." },
        { "negative timeout", InvalidArgument, "parameter 'timeout' is -1; it must be 0 or more" },
        { "sequence type", InvalidArgument, "invalid value type for 'sequence_start' parameter, expected bool_param." },
        { "sequence", Unimplemented, "sequences are not supported by this server: TorchScript models keep no state between requests" },
        { "reserved", InvalidArgument, "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting with 'triton_' are allowed: 'triton_enable_empty_final_response'. Found 'triton_x'" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task ModelInfer_Mistake_IsToldInTritonsWords(string mistake, int status, string message)
    {
        var request = Simple("7");
        Make(mistake, request);

        Assert.Equal((status, message), await _client.FailAsync("ModelInfer", request));
    }

    private static void Make(string mistake, ModelInferRequest request)
    {
        var first = request.Inputs[0];
        switch (mistake)
        {
            case "contents and raw": first.Contents = new InferTensorContents { IntContents = { 1 } }; break;
            case "too few raw": request.RawInputContents.RemoveAt(1); break;
            case "too many raw": request.RawInputContents.Add(ByteString.Empty); break;
            case "wrong field": Explicit(request, new InferTensorContents { Fp32Contents = { new float[16] } }); break;
            case "too few elements": Explicit(request, new InferTensorContents { IntContents = { 1, 2 } }); break;
            case "too many elements": Explicit(request, new InferTensorContents { IntContents = { new int[17] } }); break;
            case "raw size": request.RawInputContents[0] = ByteString.CopyFrom(new byte[60]); break;
            case "datatype": first.Datatype = "FP31"; break;
            case "negative shape": first.Shape[0] = -1; break;
            case "huge shape": first.Shape[0] = 1L << 62; break;
            case "large shape": (first.Shape[0], first.Shape[1]) = (250_000_000_000, 1); break;
            case "missing input":
                request.Inputs.RemoveAt(1);
                request.RawInputContents.RemoveAt(1);
                break;
            case "unknown output": request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "OUT" }); break;
            case "unknown model": request.ModelName = "none"; break;
            case "unknown version": request.ModelVersion = "9"; break;
            case "wrong version": request.ModelVersion = "x"; break;
            case "shared memory in": first.Parameters["shared_memory_region"] = new InferParameter { StringParam = "r" }; break;
            case "shared memory out": Ask(request, "shared_memory_region", new InferParameter { StringParam = "r" }); break;
            case "classification type": Ask(request, "classification", new InferParameter { StringParam = "1" }); break;
            case "priority type": request.Parameters["priority"] = new InferParameter { DoubleParam = 1 }; break;
            case "timeout type": request.Parameters["timeout"] = new InferParameter { Uint64Param = 1 }; break;
            case "negative timeout": request.Parameters["timeout"] = new InferParameter { Int64Param = -1 }; break;
            case "sequence type": request.Parameters["sequence_start"] = new InferParameter { Int64Param = 1 }; break;
            case "sequence": request.Parameters["sequence_id"] = new InferParameter { StringParam = "s" }; break;
            case "reserved": request.Parameters["triton_x"] = new InferParameter { BoolParam = true }; break;
            default: Assert.Fail(mistake); break;
        }
    }

    private static void Ask(ModelInferRequest request, string parameter, InferParameter value) =>
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "OUTPUT0", Parameters = { [parameter] = value } });

    private static void Explicit(ModelInferRequest request, InferTensorContents contents)
    {
        request.RawInputContents.Clear();
        request.Inputs[0].Contents = contents;
        request.Inputs[1].Contents = contents;
    }

    [Fact]
    public async Task ModelInfer_ParametersOfNoConsequence_AreTaken()
    {
        var request = Simple();
        request.Parameters["priority"] = new InferParameter { Uint64Param = 1 };
        request.Parameters["timeout"] = new InferParameter { Int64Param = 60_000_000 };
        request.Parameters["sequence_id"] = new InferParameter { Int64Param = 0 };
        request.Parameters["sequence_end"] = new InferParameter { BoolParam = false };
        request.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        request.Parameters["mine"] = new InferParameter { StringParam = "x" };

        Assert.Empty((await _client.InferAsync(request)).Parameters);
    }

    [Fact]
    public async Task ModelInfer_TextThatIsNoUtf8_IsRefused()
    {
        var request = new ModelInferRequest { ModelName = "mixed", Inputs = { Input("x", "FP32", 1), Input("words", "BYTES", 1) } };
        request.RawInputContents.Add(Raw([1f]));
        request.RawInputContents.Add(ByteString.CopyFrom(1, 0, 0, 0, 0xFF));

        Assert.Equal((InvalidArgument, "[request id: <id_unknown>] element 0 of input 'words' is not UTF-8; TorchScript models take text"), await _client.FailAsync("ModelInfer", request));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task ModelInfer_Compressed_IsAnsweredCompressed(string encoding)
    {
        var large = Echo("FP32", Raw(new float[100_000]), 100_000);
        using var packed = new MemoryStream();
        await using (Stream pack = encoding == "gzip" ? new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest, true) : new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionLevel.Fastest, true))
            large.WriteTo(pack);

        var answer = await _client.SendAsync("ModelInfer", Tests.Grpc.GrpcTestClient.Frame(packed.ToArray(), flag: 1), ("grpc-encoding", encoding), ("grpc-accept-encoding", encoding));

        Assert.Equal((0, 1), (answer.Status!.Value, (int)answer.Body[0]));
        await using Stream unpack = encoding == "gzip" ? new System.IO.Compression.GZipStream(new MemoryStream(answer.Body, 5, answer.Body.Length - 5), System.IO.Compression.CompressionMode.Decompress) : new System.IO.Compression.ZLibStream(new MemoryStream(answer.Body, 5, answer.Body.Length - 5), System.IO.Compression.CompressionMode.Decompress);
        Assert.Equal(large.RawInputContents[0], ModelInferResponse.Parser.ParseFrom(unpack).RawOutputContents[0]);
    }

    [Fact]
    public async Task ModelInfer_LargeTensor_ComesBackWhole()
    {
        var values = new float[8_000_000];
        for (var i = 0; i < values.Length; i++)
            values[i] = i;

        var answer = await _client.InferAsync(Echo("FP32", Raw(values), 2, 4_000_000));

        Assert.Equal(values, Numbers<float>(answer.RawOutputContents[0]));
    }

    [Fact]
    public async Task ModelInfer_DeadlineThatPassed_IsDeadlineExceeded()
    {
        bed.AddModel("slow", null, "../../samples/slow");
        Assert.Equal(200, (await bed.PostAsync("/v2/repository/models/slow/load", "")).Status);
        var request = new ModelInferRequest { ModelName = "slow", Inputs = { Input("x", "FP32", [1]) }, RawInputContents = { Raw([20_000f]) } };

        var answer = await _client.SendAsync("ModelInfer", Tests.Grpc.GrpcTestClient.Frame(request), ("grpc-timeout", "20m"));

        Assert.Equal(4, answer.Status);
    }
}

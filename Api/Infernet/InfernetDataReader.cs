using Granary.Api.Infernet.OnChain;
using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>
/// Reads the <c>data</c> object of an off-chain request: <c>{"input":{…}}</c> (generations 1 and 2), <c>{"inputs":{"input":{…}}}</c>
/// (how the documentation of generation 1 writes it) or <c>{"dtype":…,"values":…}</c> (generation 0). Unknown properties are ignored.
/// </summary>
internal ref struct InfernetDataReader : IDisposable
{
    private VectorReader _plain;
    private VectorReader _input;
    private VectorReader _inputs;
    private ModelSelector _model;

    public InfernetDataReader()
    {
        _plain = new VectorReader(shaped: false);
        _input = new VectorReader(shaped: true);
        _inputs = new VectorReader(shaped: true);
    }

    private bool _hasInput;
    private bool _hasInputs;
    private bool _deterministic;
    private string _method = InfernetRequest.DefaultMethod;
    private OutputOptions _output = OutputOptions.Default;

    /// <summary>Reads the object that the cursor stands before.</summary>
    public void Read(ref JsonCursor cursor)
    {
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("input"u8))
                ReadInput(ref cursor);
            else if (name.Is("inputs"u8))
                ReadInputs(ref cursor);
            else if (name.Is("output_arithmetic"u8))
                _output = _output with { FixedPoint = OutputOptions.ReadArithmetic(ref cursor) };
            else if (name.Is("output_num_decimals"u8))
                _output = _output with { Decimals = OutputOptions.ReadDecimals(ref cursor) };
            else if (name.Is("method"u8))
                _method = CallOptions.ReadMethod(ref cursor);
            else if (name.Is("deterministic"u8))
                _deterministic = CallOptions.ReadDeterministic(ref cursor);
            else if (!_model.TryRead(name, ref cursor) && (_hasInput || _hasInputs || !_plain.TryRead(name, ref cursor)))
                cursor.SkipValue();
        }
    }

    /// <summary>What was read, as a request that the caller disposes.</summary>
    public InfernetRequest Take(in JsonCursor cursor, in InfernetEnvelope envelope, ModelReferenceCache references)
    {
        var request = TakeTensor(cursor, references);
        return request with
        {
            Method = _method,
            Deterministic = _deterministic || envelope.AnswersOnChain,
            Reply = envelope.AnswersOnChain ? new OnChainReply(null, _output) : null,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        _input.Dispose();
        _inputs.Dispose();
    }

    private InfernetRequest TakeTensor(in JsonCursor cursor, ModelReferenceCache references)
    {
        var model = _model.Select(references);
        if (_hasInput)
            return Shaped(ref _input, cursor, model, "input");
        if (_hasInputs)
            return Shaped(ref _inputs, cursor, model, "inputs.input");
        if (_plain.HasValues)
            return new InfernetRequest(InfernetFormat.Values, _plain.Take(cursor, "data"), model);
        throw new ServingException(ServingError.InvalidArgument, "data holds no tensor; expected \"input\":{\"dtype\",\"shape\",\"values\"} or \"dtype\" and \"values\"");
    }

    private static InfernetRequest Shaped(ref VectorReader vector, in JsonCursor cursor, ModelReference model, string what)
    {
        var format = vector.DTypeKind == JsonKind.String ? InfernetFormat.Vector : InfernetFormat.RitualVector;
        return new InfernetRequest(format, vector.Take(cursor, what), model);
    }

    private void ReadInput(ref JsonCursor cursor)
    {
        _input.Dispose();
        _input = new VectorReader(shaped: true);
        _hasInput = !cursor.TryReadNull();
        if (_hasInput)
            _input.ReadObject(ref cursor);
    }

    private void ReadInputs(ref JsonCursor cursor)
    {
        _inputs.Dispose();
        _inputs = new VectorReader(shaped: true);
        _hasInputs = !cursor.TryReadNull();
        if (!_hasInputs)
            return;
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            // The documentation of generation 2 puts the vector here without a name.
            if (name.Is("input"u8))
                _inputs.ReadObject(ref cursor);
            else if (!_inputs.TryRead(name, ref cursor))
                cursor.SkipValue();
        }
    }
}

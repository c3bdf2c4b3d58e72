using System.Text;
using Granary.Serving.Handlers.TorchServe;
using Granary.Torch;

namespace Granary.Serving.Handlers.Texts;

/// <summary>
/// TorchServe's <c>text_classifier</c>: a text in, <c>{label: chance}</c> of every class out. The model takes the numbers of the tokens
/// and <c>offsets</c>, which is <c>[0]</c>; requests are not joined. Source: <c>ts/torch_handler/text_classifier.py</c>.
/// Arguments of other protocols pass as they are.
/// </summary>
internal sealed class TextClassifier : IHandler
{
    /// <summary>The vocabulary when the definition names none.</summary>
    public const string DefaultVocabulary = "source_vocab.json";

    private readonly ClassLabels _labels;
    private readonly Vocabulary? _vocabulary;

    public TextClassifier(HandlerParameters parameters, HandlerContext context)
    {
        _labels = ClassLabels.Read(parameters);
        var file = parameters.Text(HandlerNames.Vocabulary) ?? DefaultVocabulary;
        parameters.RefuseJoining(context.Definition);
        if (context.IsLoaded)
            _vocabulary = Vocabulary.Read(file, context.File(file));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, out object? note)
    {
        note = null;
        if (RequestBody.Of(inputs) is not { } body)
            return inputs;
        note = RequestBody.OneRow;
        var tokens = TextTokens.OfOneAndTwo(TextOf(RequestBody.Data(body)));
        if (tokens.Count == 0)
            throw new ServingException(ServingError.InvalidArgument, "nothing is left of the text without its tags, punctuation and other characters than letters and digits");
        var numbers = new long[tokens.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = _vocabulary![tokens[i]];
        return [new Argument(null, Tensor.From<long>(DType.Int64, [numbers.Length], numbers)), new Argument(null, Tensor.From<long>(DType.Int64, [1], [0L]))];
    }

    /// <inheritdoc/>
    public Value Postprocess(Value result, object? note)
    {
        var rows = new FloatRows(result, HandlerNames.TextClassifier);
        var isDouble = ((Tensor)result).DType == DType.Float64;
        var chances = new double[rows.Length];
        var answers = new Value[rows.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            rows.Read(i, chances);
            Chances.Of(chances);
            var answer = new LabelledScores(chances.Length);
            for (var index = 0; index < chances.Length; index++)
                answer.Add(_labels[index], new DoubleValue(isDouble ? chances[index] : (float)chances[index]));
            answers[i] = answer.ToValue();
        }

        return note == RequestBody.OneRow && answers.Length == 1 ? answers[0] : new ListValue(answers);
    }

    private static string TextOf(Value value)
    {
        try
        {
            return value switch
            {
                StringValue text => text.Text,
                Tensor { DType: DType.UInt8, Shape.Length: 1 } bytes => new UTF8Encoding(false, true).GetString(bytes.Bytes),
                _ => throw new ServingException(ServingError.InvalidArgument, $"a text is expected, not a {value.Kind}"),
            };
        }
        catch (DecoderFallbackException)
        {
            throw new ServingException(ServingError.InvalidArgument, "the text is not UTF-8");
        }
    }
}

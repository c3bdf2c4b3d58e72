using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Handlers;

/// <summary>
/// A row of scores to its best classes, best first: a list of <c>{"label", "index", "score"}</c> for each row, without labels where
/// the definition has none. Equal scores keep the order of their indices; NaN comes last.
/// </summary>
internal sealed class TopClassesHandler(int count, IReadOnlyList<string>? labels) : IHandler
{
    private const int DefaultCount = 5;
    private const int MostClasses = 1_000_000;
    private static readonly StringValue Label = new("label");
    private static readonly StringValue Index = new("index");
    private static readonly StringValue Score = new("score");

    /// <summary>Labels come from the parameter, else from the first output that has some.</summary>
    public static TopClassesHandler Create(HandlerParameters parameters, ModelDefinition definition)
    {
        var count = parameters.Integer("k", DefaultCount, 1, MostClasses);
        var labels = parameters.Text("labels")?.Split(',', StringSplitOptions.TrimEntries);
        return new TopClassesHandler(count, labels ?? definition.Outputs.FirstOrDefault(static output => output.Labels is not null)?.Labels);
    }

    /// <inheritdoc/>
    public Value Postprocess(Value result)
    {
        var rows = new FloatRows(result, "top-classes");
        var answers = new Value[rows.Count];
        var scores = new double[rows.Length];
        var order = new int[rows.Length];
        for (var row = 0; row < answers.Length; row++)
        {
            rows.Read(row, scores);
            answers[row] = Best(scores, order);
        }

        return ((Tensor)result).Shape.Length == 1 && answers.Length == 1 ? answers[0] : new ListValue(answers);
    }

    private ListValue Best(double[] scores, int[] order)
    {
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        order.AsSpan().Sort((left, right) => Compare(scores, left, right));
        var best = new Value[Math.Min(count, order.Length)];
        for (var i = 0; i < best.Length; i++)
            best[i] = Describe(order[i], scores[order[i]]);
        return new ListValue(best);
    }

    private static int Compare(double[] scores, int left, int right)
    {
        // double.CompareTo puts NaN first in ascending, so last in descending order.
        var compared = scores[right].CompareTo(scores[left]);
        return compared != 0 ? compared : left.CompareTo(right);
    }

    private DictValue Describe(int index, double score)
    {
        KeyValuePair<Value, Value> label = new(Label, new StringValue(labels is not null && index < labels.Count ? labels[index] : ""));
        KeyValuePair<Value, Value> number = new(Index, new IntValue(index));
        KeyValuePair<Value, Value> value = new(Score, new DoubleValue(score));
        return new DictValue(labels is null || index >= labels.Count ? [number, value] : [label, number, value]);
    }
}

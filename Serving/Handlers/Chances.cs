namespace Granary.Serving.Handlers;

/// <summary>Softmax of one row of scores.</summary>
internal static class Chances
{
    /// <summary>Replaces scores by chances; computed in double, so within a float's last digit of PyTorch.</summary>
    public static void Of(Span<double> row)
    {
        var largest = double.NegativeInfinity;
        foreach (var value in row)
            largest = Math.Max(largest, value);
        var sum = 0.0;
        foreach (ref var value in row)
        {
            value = Math.Exp(value - largest);
            sum += value;
        }

        foreach (ref var value in row)
            value /= sum;
    }
}

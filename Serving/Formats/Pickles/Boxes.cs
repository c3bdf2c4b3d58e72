namespace Granary.Serving.Formats.Pickles;

/// <summary>Values that are so frequent that one object of each is enough.</summary>
internal static class Boxes
{
    public static readonly object True = true;
    public static readonly object False = false;
    public static readonly object?[] EmptyTuple = [];
    private static readonly object[] Small = Enumerable.Range(0, 256).Select(number => (object)(long)number).ToArray();

    /// <summary>A number as an object.</summary>
    public static object Of(long number) => number is >= 0 and <= 255 ? Small[number] : number;
}

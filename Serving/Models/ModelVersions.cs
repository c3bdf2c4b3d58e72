using System.Globalization;

namespace Granary.Serving.Models;

/// <summary>
/// Catalog versions: a whole number from 1 to 2^63-1, or up to eight whole numbers with points between them, such as TorchServe's
/// <c>1.0</c>; none has leading zeros. They are ordered part by part, as numbers; <c>1</c> comes before <c>1.0</c>.
/// </summary>
public static class ModelVersions
{
    private const int MostParts = 8;

    /// <summary>What is allowed, for messages.</summary>
    public const string Rule = "a whole number from 1 without leading zeros, or whole numbers with points such as 1.0";

    /// <summary>Whether <paramref name="version"/> is allowed.</summary>
    public static bool IsValid(string version)
    {
        var parts = 0;
        foreach (var range in version.AsSpan().Split('.'))
        {
            var part = version.AsSpan(range);
            if (++parts > MostParts || !IsNumber(part))
                return false;
        }

        // "0" alone is the version of ad-hoc keys.
        return parts > 1 || version != "0";
    }

    /// <summary>Numeric order of two valid versions: 2 before 10, 1.9 before 1.10.</summary>
    public static int Compare(string left, string right)
    {
        var lefts = left.AsSpan().Split('.');
        var rights = right.AsSpan().Split('.');
        while (true)
        {
            var hasLeft = lefts.MoveNext();
            var hasRight = rights.MoveNext();
            if (!hasLeft || !hasRight)
                return hasLeft.CompareTo(hasRight);
            var compared = Number(left.AsSpan(lefts.Current)).CompareTo(Number(right.AsSpan(rights.Current)));
            if (compared != 0)
                return compared;
        }
    }

    /// <summary>The number before the first point.</summary>
    public static long Major(string version) => Number(version.AsSpan(0, version.IndexOf('.') is var point and >= 0 ? point : version.Length));

    private static bool IsNumber(ReadOnlySpan<char> part) =>
        (part is "0" || !part.StartsWith('0')) && long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static long Number(ReadOnlySpan<char> part) => long.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture);
}

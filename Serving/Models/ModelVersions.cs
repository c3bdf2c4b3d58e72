using System.Globalization;

namespace Granary.Serving.Models;

/// <summary>Catalog versions: decimal numbers from 1 to 2^63-1 without leading zeros, ordered as numbers.</summary>
public static class ModelVersions
{
    /// <summary>Whether <paramref name="version"/> is such a number.</summary>
    public static bool IsValid(string version) => version.Length > 0 && version[0] != '0'
        && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Numeric order of two valid versions: 2 before 10.</summary>
    public static int Compare(string left, string right)
        => left.Length != right.Length ? left.Length.CompareTo(right.Length) : string.CompareOrdinal(left, right);
}

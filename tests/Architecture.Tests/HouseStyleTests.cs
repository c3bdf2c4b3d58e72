using System.Text.RegularExpressions;

namespace Granary.Architecture.Tests;

/// <summary>What house style says of files and of time.</summary>
public sealed class HouseStyleTests
{
    [Fact]
    public void SourceFiles_OfTheProduct_StayUnderFiveHundredLines() =>
        Assert.Empty(Repository.ProductFiles.Where(file => Repository.Read(file).AsSpan().Count('\n') > 500).ToList());

    [Fact]
    public void WallClock_InTheProduct_ComesFromTimeProvider() =>
        Assert.Empty(Repository.ProductFiles.Where(file => Regex.IsMatch(Repository.Read(file), @"\bDateTime(Offset)?\.(Utc)?Now\b")).ToList());

    [Fact]
    public void Namespaces_OfTheProduct_FollowTheFolders()
    {
        var offenders = new List<string>();
        foreach (var file in Repository.ProductFiles)
        {
            var declared = Regex.Match(Repository.Read(file), @"^namespace ([\w.]+);", RegexOptions.Multiline);
            if (!declared.Success)
                continue;
            // A folder is its namespace; Torch is flat, and Serving/Errors is the root of Serving.
            var folders = Path.GetDirectoryName(file)!.Replace('\\', '/').Replace('/', '.');
            var expected = folders.StartsWith("Torch", StringComparison.Ordinal) ? "Granary.Torch" : folders == "Serving.Errors" ? "Granary.Serving" : $"Granary.{folders}";
            if (declared.Groups[1].Value != expected)
                offenders.Add($"{file}: {declared.Groups[1].Value} instead of {expected}");
        }

        Assert.Empty(offenders);
    }

    [Fact]
    public void BlockScopedNamespaces_Anywhere_AreAbsent() =>
        Assert.Empty(Repository.SourceFiles.Where(file => Regex.IsMatch(Repository.Read(file), @"^namespace [\w.]+\s*$", RegexOptions.Multiline)).ToList());
}

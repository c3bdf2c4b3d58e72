using System.Text;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Text of a pickle.</summary>
internal static class PickleText
{
    /// <summary>UTF-8; what Python can have and .NET cannot (a lone surrogate) becomes the replacement character.</summary>
    public static string Of(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}

using System.Text.RegularExpressions;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Takes the server's paths out of messages for clients.</summary>
public static partial class SourceText
{
    /// <summary>The message with <c>name/version/file</c> in the place of the absolute path of a definition's file.</summary>
    public static string Hide(string message, ModelDefinition definition)
    {
        if (definition.Source is not { Source: ModelSourceKind.Local, Repository: ['/', ..] path })
            return message;
        var shown = $"{definition.Key}/{path[(path.LastIndexOf('/') + 1)..]}";
        return AbsoluteId().Replace(message, shown).Replace(path, shown, StringComparison.Ordinal);
    }

    // Ids in messages are in quotes and may be cut; those of a load have lost their directories already.
    [GeneratedRegex("local/(?:/|…/)[^']*")]
    private static partial Regex AbsoluteId();
}

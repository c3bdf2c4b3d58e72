using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>Which file of an archive is the vocabulary of a text classifier.</summary>
internal static class Vocabularies
{
    private static readonly string[] Names = ["source_vocab.json", "source_vocab.txt", "vocab.json", "vocab.txt"];

    /// <summary>Its name.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: there is none that is data.</exception>
    public static string Find(ModelArchive archive)
    {
        foreach (var name in Names)
        {
            if (archive.LengthOf(name) is not null)
                return name;
        }

        var pickled = archive.Manifest.SourceVocab ?? "source_vocab.pt";
        throw new ServingException(ServingError.Unsupported, archive.LengthOf(pickled) is not null
            ? $"the archive '{archive.Source}' has its vocabulary as a Python pickle, {ModelIdText.Quote(pickled)}, which is never executed; write it as JSON with "
                + "json.dump(torch.load('source_vocab.pt').get_stoi(), open('source_vocab.json', 'w')) and pack that file with --extra-files instead"
            : $"the archive '{archive.Source}' has no vocabulary; pack it with --extra-files source_vocab.json, an object of numbers by token");
    }
}

using System.Text;

namespace Granary.Serving.Handlers.Texts;

/// <summary>
/// Spells English contractions out as TorchServe's text handlers do, quirks included: its pattern tries short forms before the longer ones
/// that begin with them ("can't've" becomes "cannot've"), so only those are here, and the first letter stays ("'cause" becomes "'ecause").
/// </summary>
internal static class Contractions
{
    private const string Forms =
        "ain't=is not;aren't=are not;can't=cannot;'cause=because;could've=could have;couldn't=could not;didn't=did not;"
        + "doesn't=does not;don't=do not;hadn't=had not;hasn't=has not;haven't=have not;he'd=he would;he'll=he will;he's=he is;"
        + "how'd=how did;how'll=how will;how's=how is;i'd=i would;i'll=i will;i'm=i am;i've=i have;isn't=is not;it'd=it would;"
        + "it'll=it will;it's=it is;let's=let us;ma'am=madam;mayn't=may not;might've=might have;mightn't=might not;"
        + "must've=must have;mustn't=must not;needn't=need not;o'clock=of the clock;oughtn't=ought not;shan't=shall not;"
        + "sha'n't=shall not;she'd=she would;she'll=she will;she's=she is;should've=should have;shouldn't=should not;so've=so have;"
        + "so's=so as;that'd=that would;that's=that is;there'd=there would;there's=there is;they'd=they would;they'll=they will;"
        + "they're=they are;they've=they have;to've=to have;wasn't=was not;we'd=we would;we'll=we will;we're=we are;we've=we have;"
        + "weren't=were not;what'll=what will;what're=what are;what's=what is;what've=what have;when's=when is;when've=when have;"
        + "where'd=where did;where's=where is;where've=where have;who'll=who will;who's=who is;who've=who have;why's=why is;"
        + "why've=why have;will've=will have;won't=will not;would've=would have;wouldn't=would not;y'all=you all;you'd=you would;"
        + "you'll=you will;you're=you are;you've=you have";

    private static readonly Dictionary<char, (string Form, string Remainder)[]> ByLetter = Forms.Split(';')
        .Select(static pair => pair.Split('='))
        .GroupBy(static pair => pair[0][0], static pair => (pair[0], pair[1][1..]))
        .ToDictionary(static group => group.Key, static group => group.ToArray());

    /// <summary>The text with every contraction spelt out.</summary>
    /// <param name="text">Lower case.</param>
    public static string Expand(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var length = 1;
            result.Append(text[i]);
            if (ByLetter.TryGetValue(text[i], out var forms))
            {
                foreach (var (form, remainder) in forms)
                {
                    if (!text.AsSpan(i).StartsWith(form, StringComparison.Ordinal))
                        continue;
                    result.Append(remainder);
                    length = form.Length;
                    break;
                }
            }

            i += length;
        }

        return result.ToString();
    }
}

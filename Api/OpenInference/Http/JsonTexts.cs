using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.Http;

/// <summary>BYTES elements in JSON: strings, nested to any depth, row-major.</summary>
internal static class JsonTexts
{
    /// <summary>Reads the strings.</summary>
    /// <exception cref="Serving.ServingException">Something else than strings, or not as many as expected.</exception>
    public static ListValue Read(ref JsonCursor cursor, long expected, string input)
    {
        var texts = new List<Value>();
        Collect(ref cursor, texts);
        return texts.Count == expected
            ? new ListValue(texts)
            : throw V2Errors.Invalid($"expected {expected} string elements for input '{input}', got {texts.Count}");
    }

    // The cursor bounds the depth.
    private static void Collect(ref JsonCursor cursor, List<Value> texts)
    {
        cursor.BeginArray();
        while (cursor.NextItem())
        {
            if (cursor.PeekKind() == JsonKind.Array)
                Collect(ref cursor, texts);
            else
                texts.Add(new StringValue(cursor.ReadString()));
        }
    }
}

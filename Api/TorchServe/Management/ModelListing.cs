using System.Globalization;
using System.Text.Json;
using Granary.Serving.Models;

namespace Granary.Api.TorchServe.Management;

/// <summary>One page of the models: <c>{"nextPageToken": "2", "models": [{"modelName", "modelUrl"}]}</c>, no token on the last page.</summary>
internal static class ModelListing
{
    private const int MostOnPage = 100;

    /// <summary>Writes a page.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="models">All of them, by name.</param>
    /// <param name="limit">Most on the page; what is not between 0 and 100 counts as 100.</param>
    /// <param name="token">Index of the first; negative counts as 0.</param>
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<CatalogModel> models, int limit, int token)
    {
        if (limit is < 0 or > MostOnPage)
            limit = MostOnPage;
        var first = Math.Clamp(token, 0, models.Count);
        var last = (int)Math.Min((long)first + limit, models.Count);
        writer.WriteStartObject();
        if (last < models.Count)
            writer.WriteString("nextPageToken"u8, last.ToString(CultureInfo.InvariantCulture));
        writer.WriteStartArray("models"u8);
        for (var i = first; i < last; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("modelName"u8, models[i].Name);
            writer.WriteString("modelUrl"u8, models[i].Default.UrlText());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}

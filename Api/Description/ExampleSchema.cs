using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Granary.Api.Description;

/// <summary>Derives a schema from an example, so that the two cannot disagree.</summary>
internal static class ExampleSchema
{
    /// <summary>The schema of every value shaped like <paramref name="example"/>.</summary>
    public static OpenApiSchema Of(JsonNode? example) => example switch
    {
        JsonObject members => new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = members.ToDictionary(member => member.Key, member => (IOpenApiSchema)Of(member.Value)),
        },
        JsonArray items => new OpenApiSchema { Type = JsonSchemaType.Array, Items = items.Count > 0 ? Of(items[0]) : new OpenApiSchema() },
        JsonValue value => new OpenApiSchema { Type = TypeOf(value) },
        _ => new OpenApiSchema(),
    };

    private static JsonSchemaType TypeOf(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.String => JsonSchemaType.String,
        JsonValueKind.True or JsonValueKind.False => JsonSchemaType.Boolean,
        _ => value.ToJsonString().AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? JsonSchemaType.Integer : JsonSchemaType.Number,
    };
}

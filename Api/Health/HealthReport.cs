using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Granary.Api.Health;

/// <summary>The body of a health answer.</summary>
/// <param name="Status"><c>live</c>, <c>started</c>, <c>starting</c>, <c>ready</c> or <c>unready</c>.</param>
/// <param name="Reasons">Why it is not ready; absent when it is.</param>
/// <param name="Models">The models that readiness depends on; absent elsewhere.</param>
internal sealed record HealthReport(string Status, IReadOnlyList<string>? Reasons = null, IReadOnlyList<HealthModel>? Models = null);

/// <summary>One model that readiness depends on.</summary>
internal sealed record HealthModel(string Key, string State, string? Reason);

/// <summary>Generated serialisation, so that the first probe after start is as fast as the others.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class HealthJson : JsonSerializerContext
{
    /// <summary>Quotes as they are: the answers are for people with curl, and never HTML.</summary>
    public static HealthJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

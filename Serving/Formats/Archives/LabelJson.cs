using System.Text.Json.Serialization;

namespace Granary.Serving.Formats.Archives;

/// <summary>Labels as text.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class LabelJson : JsonSerializerContext;

namespace Granary.Serving.Formats.Archives;

/// <summary>A value of <see cref="SafeYaml"/>: neither part is set for what is deeper.</summary>
/// <param name="Text">A scalar as written.</param>
/// <param name="Items">A list of scalars.</param>
internal readonly record struct YamlValue(string? Text, IReadOnlyList<string>? Items);

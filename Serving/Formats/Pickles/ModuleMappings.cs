using System.Collections.Frozen;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Every mapping, by class name.</summary>
internal static class ModuleMappings
{
    private static readonly IModuleMapping[] Listed =
    [
        .. Sklearn.SklearnMappings.All,
    ];

    /// <summary>Mappings by full class name.</summary>
    public static FrozenDictionary<string, IModuleMapping> All { get; } = Listed
        .SelectMany(mapping => mapping.ClassNames, (mapping, name) => KeyValuePair.Create(name, mapping))
        .ToFrozenDictionary();
}

using System.Collections.Frozen;
using Granary.Serving.Formats.Pickles.Nn;
using Granary.Serving.Formats.Pickles.Sklearn;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Every mapping, by class name.</summary>
internal static class ModuleMappings
{
    private static readonly IModuleMapping[] Listed =
    [
        .. NnMappings.All,
        .. SklearnMappings.All,
    ];

    /// <summary>Mappings by full class name.</summary>
    public static FrozenDictionary<string, IModuleMapping> All { get; } = Listed
        .SelectMany(mapping => mapping.ClassNames, (mapping, name) => KeyValuePair.Create(name, mapping))
        .ToFrozenDictionary();
}

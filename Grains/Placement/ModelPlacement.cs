using System.Globalization;
using Orleans.Metadata;
using Orleans.Placement;

namespace Granary.Grains.Placement;

/// <summary>Places a model by what silos report of themselves; see <see cref="ModelPlacementDirector"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ModelPlacementAttribute(bool accelerator) : PlacementAttribute(new ModelPlacement { Accelerator = accelerator });

/// <summary>The strategy; travels as a property of the grain class.</summary>
internal sealed class ModelPlacement : PlacementStrategy
{
    private const string Property = "granary.accelerator";

    /// <summary>Whether the model needs a GPU.</summary>
    public bool Accelerator { get; set; }

    public override void Initialize(GrainProperties properties)
    {
        base.Initialize(properties);
        Accelerator = properties.Properties.TryGetValue(Property, out var text) && bool.Parse(text);
    }

    public override void PopulateGrainProperties(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        properties[Property] = Accelerator.ToString(CultureInfo.InvariantCulture);
    }
}

using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;

namespace Granary.Api.OpenInference;

/// <summary>What the protocol tells of models, whichever transport asks.</summary>
internal sealed class V2Models(V2Inference inference, IServedModels models, IModelCatalog catalog, IModelCluster cluster)
{
    /// <summary>A model's metadata.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">Decimal; empty for the newest, then the metadata lists every version.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, or why it cannot be loaded.</exception>
    public async ValueTask<V2Metadata> DescribeAsync(string name, string version, CancellationToken cancellation)
    {
        var served = await inference.FindAsync(name, version, cancellation);
        var versions = version.Length > 0 ? [version] : await VersionsAsync(name, cancellation);
        var config = served.Config;
        var platform = config.Platform.Length > 0 ? config.Platform : config.Backend;
        return new V2Metadata(name, versions, platform,
            [.. config.Input.Select(input => new V2TensorMetadata(input.Name, input.DataType.WireName(), Shape(input.Dims, config.HasBatchDimension)))],
            [.. config.Output.Select(output => new V2TensorMetadata(output.Name, output.DataType.WireName(), Shape(output.Dims, config.HasBatchDimension)))]);
    }

    /// <summary>Whether a version answers requests; one that left memory when idle does, because the next request brings it back.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>: there is no such model.</exception>
    public async ValueTask<bool> IsReadyAsync(string name, string version, CancellationToken cancellation)
    {
        var definition = await models.FindAsync(name, version, cancellation);
        if (definition.Annotations.Count > 0 && await models.WhyNotReadyAsync(definition, cancellation) is not null)
            return false;
        var status = await cluster.GetStatusAsync(definition.Key, cancellation);
        return status.State is ModelState.Ready or ModelState.Unloaded;
    }

    /// <summary>Names of the models that serve.</summary>
    public ValueTask<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation) => models.NamesAsync(cancellation);

    private async ValueTask<IReadOnlyList<string>> VersionsAsync(string name, CancellationToken cancellation)
    {
        var model = await catalog.FindAsync(name, cancellation);
        return model is null ? [] : [.. model.Versions.Select(static version => version.Version)];
    }

    private static IReadOnlyList<long> Shape(IReadOnlyList<long> dims, bool batches) => batches ? [-1, .. dims] : dims;
}

/// <summary>A model as clients see it.</summary>
/// <param name="Name">The model.</param>
/// <param name="Versions">Decimal, ascending.</param>
/// <param name="Platform">As configured.</param>
/// <param name="Inputs">In the configuration's order.</param>
/// <param name="Outputs">In the configuration's order.</param>
internal sealed record V2Metadata(string Name, IReadOnlyList<string> Versions, string Platform, IReadOnlyList<V2TensorMetadata> Inputs, IReadOnlyList<V2TensorMetadata> Outputs);

/// <summary>A tensor of a model as clients see it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">Such as FP32.</param>
/// <param name="Shape">Sizes, the batch first where there is one; -1 for any.</param>
internal sealed record V2TensorMetadata(string Name, string Datatype, IReadOnlyList<long> Shape);

using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Repository;
using static Granary.Api.Grpc.Protos.ModelRepositoryParameter;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// The model repository extension: index, load, unload.
/// Source: Triton, <c>docs/protocol/extension_model_repository.md</c>.
/// </summary>
internal sealed class RepositoryMethods(IModelRepository repository)
{
    private const string FilePrefix = "file:";

    /// <summary>What there is.</summary>
    public async ValueTask<RepositoryIndexResponse> IndexAsync(RepositoryIndexRequest request, GrpcCall call)
    {
        RefuseRepositoryName(request.RepositoryName);
        var response = new RepositoryIndexResponse();
        foreach (var entry in await repository.IndexAsync(request.Ready, call.Cancellation))
        {
            response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
            {
                Name = entry.Name,
                Version = entry.Version ?? "",
                State = entry.State?.ToString().ToUpperInvariant() ?? "",
                Reason = entry.Reason,
            });
        }

        return response;
    }

    /// <summary>Loads a model, perhaps with another configuration or other files.</summary>
    public async ValueTask<RepositoryModelLoadResponse> LoadAsync(RepositoryModelLoadRequest request, GrpcCall call)
    {
        RefuseRepositoryName(request.RepositoryName);
        await repository.LoadAsync(request.ModelName, ReadOverride(request.Parameters), call.Cancellation);
        return new RepositoryModelLoadResponse();
    }

    /// <summary>Unloads a model; with <c>unload_dependents</c> also the models of an ensemble that no other needs.</summary>
    public async ValueTask<RepositoryModelUnloadResponse> UnloadAsync(RepositoryModelUnloadRequest request, GrpcCall call)
    {
        RefuseRepositoryName(request.RepositoryName);
        if (request.Parameters.TryGetValue("unload_dependents", out var dependents) && dependents.ParameterChoiceCase != ParameterChoiceOneofCase.BoolParam)
            throw V2Errors.Invalid("invalid value type for 'unload_dependents' parameter, expected bool_param.");
        await repository.UnloadAsync(request.ModelName, dependents is { BoolParam: true }, call.Cancellation);
        return new RepositoryModelUnloadResponse();
    }

    private static ModelOverride? ReadOverride(IEnumerable<KeyValuePair<string, ModelRepositoryParameter>> parameters)
    {
        string? config = null;
        var files = new Dictionary<string, byte[]>();
        foreach (var (name, value) in parameters)
        {
            if (name == "config")
                config = Require(name, value, ParameterChoiceOneofCase.StringParam, "string_param").StringParam;
            else if (name.StartsWith(FilePrefix, StringComparison.Ordinal))
                files[name[FilePrefix.Length..]] = Require(name, value, ParameterChoiceOneofCase.BytesParam, "bytes_param").BytesParam.ToByteArray();
            else
                throw V2Errors.Invalid($"unknown parameter '{name}' of a load request; known are 'config' and 'file:<version>/<name>'");
        }

        return config is null && files.Count == 0 ? null : new ModelOverride { Config = config, Files = files };
    }

    private static ModelRepositoryParameter Require(string name, ModelRepositoryParameter value, ParameterChoiceOneofCase wanted, string expected) =>
        value.ParameterChoiceCase == wanted ? value : throw V2Errors.Invalid($"invalid value type for '{name}' parameter, expected {expected}.");

    private static void RefuseRepositoryName(string name)
    {
        if (name.Length > 0)
            throw new ServingException(ServingError.Unsupported, "'repository_name' specification is not supported");
    }
}

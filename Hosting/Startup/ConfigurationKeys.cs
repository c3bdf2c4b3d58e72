using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Embeddings;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Responses;
using Granary.Serving.Servables;
using Granary.Serving.Sources;
using Granary.Serving.Weights;

namespace Granary.Hosting.Startup;

/// <summary>Configuration keys that flags and start-up variables set; each names a property of an options class.</summary>
internal static class ConfigurationKeys
{
    /// <summary>Stands before the sections of the serving core.</summary>
    public const string Prefix = "Granary:";

    private const string RepositoryPrefix = Prefix + ModelRepositoryOptions.SectionName + ":";

    public const string LocalRoots = Prefix + LocalSourceOptions.SectionName + ":" + nameof(LocalSourceOptions.Roots);
    public const string InfernetCache = Prefix + LocalSourceOptions.SectionName + ":" + nameof(LocalSourceOptions.InfernetCache);
    public const string WeightsDirectory = Prefix + WeightsStoreOptions.SectionName + ":" + nameof(WeightsStoreOptions.Directory);
    public const string CatalogDirectory = Prefix + CatalogOptions.SectionName + ":" + nameof(CatalogOptions.Directory);
    public const string AllowedSources = Prefix + SourcePolicyOptions.SectionName + ":" + nameof(SourcePolicyOptions.AllowedSources);
    public const string AllowedOwners = Prefix + SourcePolicyOptions.SectionName + ":" + nameof(SourcePolicyOptions.AllowedOwners);
    public const string AllowedArweaveOwners = AllowedOwners + ":" + nameof(ModelSourceKind.Arweave);
    public const string HuggingFaceToken = Prefix + HuggingFaceOptions.SectionName + ":" + nameof(HuggingFaceOptions.Token);
    public const string HuggingFaceEndpoint = Prefix + HuggingFaceOptions.SectionName + ":" + nameof(HuggingFaceOptions.Endpoint);
    public const string HuggingFaceOffline = Prefix + HuggingFaceOptions.SectionName + ":" + nameof(HuggingFaceOptions.Offline);
    public const string HuggingFaceHubCache = Prefix + HuggingFaceOptions.SectionName + ":" + nameof(HuggingFaceOptions.HubCache);
    public const string MaxResidentModels = Prefix + ModelMemoryOptions.SectionName + ":" + nameof(ModelMemoryOptions.MaxResidentModels);
    public const string AdHocRequireTorchScript = Prefix + AdHocModelOptions.SectionName + ":" + nameof(AdHocModelOptions.RequireTorchScript);
    public const string IdleTimeout = Prefix + ActivationOptions.SectionName + ":" + nameof(ActivationOptions.DefaultIdleTimeout);
    public const string Repositories = RepositoryPrefix + nameof(ModelRepositoryOptions.Paths);
    public const string ModelControlMode = RepositoryPrefix + nameof(ModelRepositoryOptions.ControlMode);
    public const string LoadModels = RepositoryPrefix + nameof(ModelRepositoryOptions.LoadModels);
    public const string RepositoryPollInterval = RepositoryPrefix + nameof(ModelRepositoryOptions.PollInterval);
    public const string StrictReadiness = RepositoryPrefix + nameof(ModelRepositoryOptions.StrictReadiness);
    public const string ExitOnError = RepositoryPrefix + nameof(ModelRepositoryOptions.ExitOnError);
    public const string ModelLoadThreads = RepositoryPrefix + nameof(ModelRepositoryOptions.LoadThreads);
    public const string ModelConfigName = RepositoryPrefix + nameof(ModelRepositoryOptions.ConfigName);
    public const string RequireModelConfig = RepositoryPrefix + nameof(ModelRepositoryOptions.RequireConfig);
    public const string ResponseCacheBytes = Prefix + ResponseCacheOptions.SectionName + ":" + nameof(ResponseCacheOptions.MaxBytes);
    public const string EmbeddingConfig = Prefix + EmbeddingOptions.SectionName + ":" + nameof(EmbeddingOptions.ConfigFile);
    public const string EmbeddingGlobalConfig = Prefix + EmbeddingOptions.SectionName + ":" + nameof(EmbeddingOptions.GlobalConfigFile);
    public const string EmbeddingCheckpoint = Prefix + EmbeddingOptions.SectionName + ":" + nameof(EmbeddingOptions.Checkpoint);
    public const string Servables = Prefix + ServableCacheOptions.SectionName;
    public const string AdHocDevice = Prefix + AdHocModelOptions.SectionName + ":" + nameof(AdHocModelOptions.Device);
    public const string AdminBind = "Granary:Admin:Bind";
    public const string AdminKey = "Granary:Admin:Key";
    public const string Bearer = "Granary:Security:Bearer";
}

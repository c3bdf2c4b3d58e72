using System.Collections.Concurrent;
using Granary.Serving.Activations;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Clusters;

/// <summary>
/// The activations of this process by key. Finding one takes no lock and allocates nothing. A key gets an entry only when the
/// catalog holds it or the policy allows its source; what is not in memory is forgotten beyond a limit, oldest first.
/// </summary>
internal sealed partial class ActivationTable(
    IModelCatalog catalog,
    IModelLoader loader,
    ISourcePolicy policy,
    ActivationHost host,
    IOptions<AdHocModelOptions> adHoc,
    TimeProvider time,
    ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<ModelKey, ClusterEntry> _entries = new();
    private readonly ILogger _logger = loggers.CreateLogger<ModelActivation>();
    private int _count;
    private volatile bool _closed;

    /// <summary>Every activation, those that are not in memory included.</summary>
    public IEnumerable<ModelActivation> Activations => _entries.Select(pair => pair.Value.Activation);

    /// <summary>The activation of a key when it is known and current; null when <see cref="GetAsync"/> must look closer.</summary>
    public ModelActivation? TryGet(ModelKey key)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return null;
        if (key.IsAdHoc)
            return entry.Activation;
        var found = catalog.FindAsync(key.Name);
        return found.IsCompletedSuccessfully && entry.IsCurrent(found.Result) ? entry.Activation : null;
    }

    /// <summary>The activation of a key, made if need be; loads nothing.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, <see cref="ServingError.PermissionDenied"/>, <see cref="ServingError.InvalidArgument"/>.</exception>
    public async ValueTask<ModelActivation> GetAsync(ModelKey key, CancellationToken cancellation)
    {
        if (_closed)
            throw new ServingException(ServingError.Unavailable, "the server is shutting down");
        return key.IsAdHoc ? GetAdHoc(key) : await GetFromCatalogAsync(key, cancellation);
    }

    /// <summary>The activation of a key if it has one.</summary>
    public ModelActivation? Find(ModelKey key) => _entries.TryGetValue(Canonical(key), out var entry) ? entry.Activation : null;

    /// <summary>Drains what the catalog holds no more or holds differently.</summary>
    public async ValueTask RetireStaleAsync(CancellationToken cancellation)
    {
        foreach (var (key, entry) in _entries)
        {
            if (!key.IsAdHoc && !entry.IsCurrent(await catalog.FindAsync(key.Name, cancellation)))
                Retire(key, entry);
        }
    }

    /// <summary>Makes no more activations and drains all; completes when their calls ended.</summary>
    public Task CloseAsync()
    {
        _closed = true;
        return Task.WhenAll(Activations.Select(activation => activation.RetireAsync()));
    }

    private async ValueTask<ModelActivation> GetFromCatalogAsync(ModelKey key, CancellationToken cancellation)
    {
        var model = await catalog.FindAsync(key.Name, cancellation);
        if (_entries.TryGetValue(key, out var entry))
        {
            if (entry.IsCurrent(model) && !entry.Activation.IsRetired)
                return entry.Activation;
            Retire(key, entry);
        }

        if (model?.Find(key.Version) is not { } definition)
            throw new ServingException(ServingError.NotFound, $"model '{key.Name}' version '{key.Version}' is not registered");
        return Add(definition, model);
    }

    private ModelActivation GetAdHoc(ModelKey key)
    {
        if (_entries.TryGetValue(key, out var entry) && !entry.Activation.IsRetired)
            return entry.Activation;
        var id = ModelIdParser.Parse(key.Name);
        policy.Check(id, trusted: false);
        var canonical = ModelKey.AdHoc(id);
        if (_entries.TryGetValue(canonical, out entry))
        {
            if (!entry.Activation.IsRetired)
                return entry.Activation;
            Retire(canonical, entry);
        }

        return Add(adHoc.Value.Define(id), seen: null);
    }

    private ModelActivation Add(ModelDefinition definition, CatalogModel? seen)
    {
        // Under a lock, so that no activation is made (and counted by the host) that does not end in the table.
        lock (_entries)
        {
            if (_entries.TryGetValue(definition.Key, out var present))
                return present.Activation;
            var entry = new ClusterEntry(new ModelActivation(definition, loader, host, time, _logger), seen);
            _entries[definition.Key] = entry;
            _count++;
            if (_count > host.Options.MaxRememberedModels)
                ForgetOldest(entry);
            if (_closed)
                entry.Activation.TryRetireUnloaded();
            return entry.Activation;
        }
    }

    /// <summary>Forgets a tenth of the limit, so that not every new key has to look through all.</summary>
    private void ForgetOldest(ClusterEntry newest)
    {
        var target = host.Options.MaxRememberedModels * 9 / 10;
        foreach (var (key, entry) in _entries.OrderBy(pair => pair.Value.Activation.LastUsed))
        {
            if (_count <= target)
                return;
            if (entry != newest && !entry.Activation.IsPinned && entry.Activation.TryRetireUnloaded())
                Remove(key, entry);
        }
    }

    private void Retire(ModelKey key, ClusterEntry entry)
    {
        lock (_entries)
        {
            if (!Remove(key, entry))
                return;
        }

        LogRetired(key);
        // Its calls may take long; nobody needs to wait for them. RetireAsync never throws.
        _ = entry.Activation.RetireAsync();
    }

    private bool Remove(ModelKey key, ClusterEntry entry)
    {
        if (!_entries.TryRemove(KeyValuePair.Create(key, entry)))
            return false;
        _count--;
        host.Forget(entry.Activation);
        return true;
    }

    private static ModelKey Canonical(ModelKey key) => key.IsAdHoc ? ModelKey.AdHoc(ModelIdParser.Parse(key.Name)) : key;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} was deleted or changed in the catalog; its activation leaves.")]
    private partial void LogRetired(ModelKey model);
}

using Granary.Serving.Models;
using Granary.Serving.Values;

namespace Granary.Serving.Servables;

/// <summary>A model that a request named and that was loaded.</summary>
public sealed class Servable
{
    private long _lastUsed;

    internal Servable(ServableIdentifier identifier, ModelKey key, Signature signature, CatalogModel? seen)
    {
        Identifier = identifier;
        Key = key;
        Signature = signature;
        Seen = seen;
    }

    /// <summary>Under which name it was asked for first.</summary>
    public ServableIdentifier Identifier { get; }

    /// <summary>What to ask the cluster for.</summary>
    public ModelKey Key { get; }

    /// <summary>Of its <c>forward</c>.</summary>
    public Signature Signature { get; }

    /// <summary>Whether the cache has let it go.</summary>
    internal volatile bool IsGone;

    /// <summary>Whether its signature is to be read again.</summary>
    internal volatile bool IsStale;

    /// <summary>The catalog's record that it was made from; null for one that is in no catalog.</summary>
    internal CatalogModel? Seen { get; }

    /// <summary>Turn of the last use; larger is later.</summary>
    internal long LastUsed
    {
        get => Volatile.Read(ref _lastUsed);
        set => Volatile.Write(ref _lastUsed, value);
    }
}

using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Granary.Api.Infernet.OnChain;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Serving.Models;

namespace Granary.Api.Infernet;

/// <summary>
/// Remembers what the bytes that name a model, JSON or ABI, stand for, so that a client that sends the same <c>load_args</c> with every
/// request costs one look-up instead of a parse and a handful of strings. Bounded; safe for concurrent use.
/// </summary>
internal sealed class ModelReferenceCache
{
    /// <summary>The model that the operator named at start.</summary>
    public static readonly ModelReference Default = ModelReference.Named(StartupModel.Name);

    private const int MaxEntries = 1024;
    private const int MaxKeyBytes = 512;

    // No JSON begins with these.
    private const byte FieldsKey = 1;
    private const byte ModelIdKey = 2;
    private readonly ConcurrentDictionary<byte[], ModelReference> _entries;
    private readonly ConcurrentDictionary<byte[], ModelReference>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    public ModelReferenceCache()
    {
        _entries = new(BytesComparer.Instance);
        _lookup = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Reads a JSON string that holds a model id, a catalog name or <c>name/version</c>.</summary>
    public ModelReference FromModelId(ReadOnlySpan<byte> json)
    {
        if (_lookup.TryGetValue(json, out var known))
            return known;
        var reference = ReadModelId(json);
        Remember(json, reference);
        return reference;
    }

    /// <summary>Reads <c>model_source</c> (a number or a string) and <c>load_args</c> (an object).</summary>
    public ModelReference FromLoadArguments(ReadOnlySpan<byte> source, ReadOnlySpan<byte> arguments)
    {
        // JSON ends before a comma, so the joined key cannot be that of another pair.
        Span<byte> key = stackalloc byte[MaxKeyBytes];
        var length = source.Length + 1 + arguments.Length;
        if (length > key.Length)
            return ReadLoadArguments(source, arguments);
        source.CopyTo(key);
        key[source.Length] = (byte)',';
        arguments.CopyTo(key[(source.Length + 1)..]);
        key = key[..length];
        if (_lookup.TryGetValue(key, out var known))
            return known;
        var reference = ReadLoadArguments(source, arguments);
        Remember(key, reference);
        return reference;
    }

    /// <summary>Reads the fields of an on-chain request of generation 1.0.</summary>
    public ModelReference FromChain(byte source, ReadOnlySpan<byte> repository, ReadOnlySpan<byte> file, ReadOnlySpan<byte> version)
    {
        // No part of an id that was remembered holds a NUL, so no other fields join to the same key.
        Span<byte> key = stackalloc byte[MaxKeyBytes];
        var length = 4 + repository.Length + file.Length + version.Length;
        if (length > key.Length)
            return ChainModels.FromFields(source, repository, file, version);
        key = key[..length];
        key.Clear();
        key[0] = FieldsKey;
        key[1] = source;
        repository.CopyTo(key[2..]);
        file.CopyTo(key[(3 + repository.Length)..]);
        version.CopyTo(key[(4 + repository.Length + file.Length)..]);
        if (_lookup.TryGetValue(key, out var known))
            return known;
        var reference = ChainModels.FromFields(source, repository, file, version);
        Remember(key, reference);
        return reference;
    }

    /// <summary>Reads the encoded model id of an on-chain request of generation 2.0.</summary>
    public ModelReference FromChain(AbiBytes id)
    {
        Span<byte> key = stackalloc byte[MaxKeyBytes];
        if (id.Content.Length + 1 > key.Length)
            return ChainModels.FromModelId(id.Open());
        key = key[..(id.Content.Length + 1)];
        key[0] = ModelIdKey;
        id.Content.CopyTo(key[1..]);
        if (_lookup.TryGetValue(key, out var known))
            return known;
        var reference = ChainModels.FromModelId(id.Open());
        Remember(key, reference);
        return reference;
    }

    private static ModelReference ReadModelId(ReadOnlySpan<byte> json)
    {
        var text = new JsonCursor(json).ReadString();
        if (text.Length == 0)
            return Default;
        // Catalog names hold no slash, so a model id (source/…) and name/version cannot be mistaken for each other.
        var slash = text.IndexOf('/');
        if (slash < 0 && ModelNames.IsValid(text))
            return ModelReference.Named(text);
        if (slash > 0 && ModelNames.IsValid(text[..slash]) && ModelVersions.IsValid(text[(slash + 1)..]))
            return new ModelReference(new ModelKey(text[..slash], text[(slash + 1)..]), "");
        return ModelReference.AdHoc(ModelIdParser.Parse(text));
    }

    private static ModelReference ReadLoadArguments(ReadOnlySpan<byte> source, ReadOnlySpan<byte> json)
    {
        var sources = new JsonCursor(source);
        var sourceText = sources.PeekKind() == JsonKind.String ? sources.ReadString() : sources.ReadInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
        string? repository = null, file = null, version = null, path = null, modelPath = null;
        var cursor = new JsonCursor(json);
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("repo_id"u8))
                repository = ReadText(ref cursor, "repo_id");
            else if (name.Is("filename"u8))
                file = ReadText(ref cursor, "filename");
            else if (name.Is("version"u8))
                version = ReadText(ref cursor, "version");
            else if (name.Is("path"u8))
                path = ReadText(ref cursor, "path");
            else if (name.Is("model_path"u8))
                modelPath = ReadText(ref cursor, "model_path");
            else
                cursor.SkipValue();
        }

        return ModelReference.AdHoc(ModelIdFactory.FromLoadArguments(sourceText, repository, file, version, path ?? modelPath));
    }

    private static string? ReadText(ref JsonCursor cursor, string name)
    {
        if (cursor.TryReadNull())
            return null;
        if (cursor.PeekKind() != JsonKind.String)
            throw new ServingException(ServingError.InvalidArgument, $"load argument '{name}' is no string");
        return cursor.ReadString();
    }

    private void Remember(ReadOnlySpan<byte> key, ModelReference reference)
    {
        if (key.Length > MaxKeyBytes)
            return;
        // Clients that send ever new ids must not fill the memory; starting afresh is cheap.
        if (_entries.Count >= MaxEntries)
            _entries.Clear();
        _lookup[key] = reference;
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly BytesComparer Instance = new();

        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode([DisallowNull] byte[] bytes) => GetHashCode(bytes.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}

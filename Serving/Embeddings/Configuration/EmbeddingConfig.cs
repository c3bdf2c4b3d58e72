namespace Granary.Serving.Embeddings.Configuration;

/// <summary>
/// <c>embedding_config.yaml</c>: the sparse features. Source: PersiaML/PERSIA, <c>rust/persia-embedding-config/src/lib.rs</c>.
/// </summary>
/// <param name="Slots">In the order of the file, prefixes worked out.</param>
/// <param name="PrefixBits">Highest bits of a sign that tell the groups apart. Default 8.</param>
public sealed record EmbeddingConfig(IReadOnlyList<SlotConfig> Slots, int PrefixBits)
{
    private const int DefaultPrefixBits = 8;
    private const int MostPrefixBits = 63;
    private const int MostDim = 65_536;
    private readonly Dictionary<string, SlotConfig> _byName = Slots.ToDictionary(static slot => slot.Name, StringComparer.Ordinal);

    /// <summary>Signs of a group without their prefix: the modulus is one less than a power of two.</summary>
    public ulong Spacing => (1UL << (64 - PrefixBits)) - 1;

    /// <summary>The slot of that name; null when there is none.</summary>
    public SlotConfig? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Reads the file.</summary>
    /// <param name="yaml">Its text.</param>
    /// <param name="file">What messages call it.</param>
    /// <param name="warnings">Gets a sentence for each key that is not known.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: what is wrong, and where.</exception>
    public static EmbeddingConfig Parse(string yaml, string file, List<string> warnings)
    {
        var root = YamlNodes.Parse(yaml, file, warnings);
        var bits = (int)(root.Number("feature_index_prefix_bit", 1) ?? DefaultPrefixBits);
        if (bits > MostPrefixBits)
            throw root.Wrong($"has feature_index_prefix_bit {bits}; at most {MostPrefixBits} are allowed");
        var slots = root.Mapping("slots_config") ?? throw root.Wrong("has no slots_config");
        var read = slots.Entries.Select(entry => ReadSlot(slots.Of(entry.Key, entry.Value), entry.Key)).ToList();
        var groups = ReadGroups(root, read);
        root.WarnOfUnknown();
        if (groups.Count >= 1 << Math.Min(bits, 30))
            throw root.Wrong($"has {groups.Count} feature groups, too many for {bits} bits; raise feature_index_prefix_bit");
        return new EmbeddingConfig([.. read.Select(slot => slot with { Prefix = (ulong)(groups.FindIndex(group => group.Contains(slot.Name)) + 1) << (64 - bits) })], bits);
    }

    private static SlotConfig ReadSlot(YamlNodes node, string name)
    {
        if (node.Text("index_prefix") is { } prefix && prefix != "0")
            throw node.Wrong("sets index_prefix, which follows from the feature groups");
        var dim = node.Number("dim", 1) ?? throw node.Wrong("has no dim");
        if (dim > MostDim)
            throw node.Wrong($"has dim {dim}; at most {MostDim} is allowed");
        var slot = new SlotConfig(name, (int)dim)
        {
            SampleFixedSize = (int)Math.Min(node.Number("sample_fixed_size", 1) ?? 10, ushort.MaxValue),
            Summation = node.Truth("embedding_summation") ?? true,
            SqrtScaling = node.Truth("sqrt_scaling") ?? false,
        };
        if (node.Mapping("hash_stack_config") is { } hash)
        {
            slot = slot with { HashStackRounds = (int)(hash.Number("hash_stack_rounds") ?? 0), HashStackSize = (ulong)(hash.Number("embedding_size") ?? 0) };
            hash.WarnOfUnknown();
            if (slot.HashStackRounds > 0 && slot.HashStackSize == 0)
                throw hash.Wrong("has hash_stack_rounds without embedding_size");
            if (slot.HashStackRounds > 64)
                throw hash.Wrong($"has {slot.HashStackRounds} hash_stack_rounds; at most 64 are allowed");
        }

        node.WarnOfUnknown();
        return slot;
    }

    // Those of the file in their order, then every slot that is in none under its own name.
    private static List<HashSet<string>> ReadGroups(YamlNodes root, List<SlotConfig> slots)
    {
        var groups = new List<HashSet<string>>();
        var grouped = new HashSet<string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (root.Mapping("feature_groups") is { } mapping)
        {
            foreach (var (name, _) in mapping.Entries)
            {
                names.Add(name);
                var members = mapping.Texts(name);
                foreach (var member in members)
                {
                    if (!slots.Exists(slot => slot.Name == member))
                        throw mapping.Wrong($"has a group '{name}' with '{member}', which is no slot");
                    if (!grouped.Add(member))
                        throw mapping.Wrong($"has the slot '{member}' twice");
                }

                groups.Add([.. members]);
            }
        }

        foreach (var slot in slots.Where(slot => !grouped.Contains(slot.Name)))
        {
            if (!names.Add(slot.Name))
                throw root.Wrong($"has a slot and a feature group of the name '{slot.Name}'");
            groups.Add([slot.Name]);
        }

        return groups;
    }
}

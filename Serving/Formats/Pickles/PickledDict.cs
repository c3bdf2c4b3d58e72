using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Granary.Serving.Formats.Pickles;

/// <summary>A Python dictionary or OrderedDict: keys in the order of the file, the last value of a key counts.</summary>
internal sealed class PickledDict : IReadOnlyDictionary<object, object?>
{
    // With tables that are made for the number of entries, and with tables that grow.
    private const int EntryBytes = 48;
    private const int GrownEntryBytes = 112;

    // Most dictionaries of a module, such as its hooks, are empty.
    private OrderedDictionary<object, object?>? _entries;

    public int Count => _entries?.Count ?? 0;

    public IEnumerable<object> Keys => _entries?.Keys ?? Enumerable.Empty<object>();

    public IEnumerable<object?> Values => _entries?.Values ?? Enumerable.Empty<object?>();

    public object? this[object key] => _entries is null ? throw new KeyNotFoundException() : _entries[key];

    /// <summary>Makes room for entries and pays for them.</summary>
    public void Expect(int entries, PickleBudget budget)
    {
        if (entries == 0)
            return;
        budget.Charge(72 + ((long)entries * (_entries is null ? EntryBytes : GrownEntryBytes)));
        _entries ??= new OrderedDictionary<object, object?>(entries, Keyed.Comparer);
    }

    /// <summary>Adds or replaces one of the entries that are expected.</summary>
    /// <exception cref="PickleException">The key is not a text, a number or a tuple.</exception>
    public void Set(object? key, object? value)
    {
        if (key is not (string or long or bool or double or object?[] or PickledGlobal))
            throw PickleException.Refused("has a dictionary whose keys are neither texts nor numbers");
        _entries![key] = value;
    }

    /// <summary>Replaces the value at a place, keeping its key.</summary>
    public void SetAt(int index, object? value) => _entries!.SetAt(index, value);

    /// <summary>The entry at a place.</summary>
    public KeyValuePair<object, object?> At(int index) => _entries!.GetAt(index);

    /// <summary>The value under a text; null when there is none.</summary>
    public object? Find(string key) => TryGetValue(key, out var value) ? value : null;

    public bool ContainsKey(object key) => _entries?.ContainsKey(key) ?? false;

    public bool TryGetValue(object key, [MaybeNullWhen(false)] out object? value)
    {
        value = null;
        return _entries is not null && _entries.TryGetValue(key, out value);
    }

    public IEnumerator<KeyValuePair<object, object?>> GetEnumerator() => (_entries ?? Enumerable.Empty<KeyValuePair<object, object?>>()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Numbers hash with a secret, so that a file cannot choose keys that collide; tuples are themselves.</summary>
    private sealed class Keyed : IEqualityComparer<object>
    {
        public static readonly Keyed Comparer = new();

        bool IEqualityComparer<object>.Equals(object? x, object? y) => ReferenceEquals(x, y) || (x is string or long or bool or double or PickledGlobal && x.Equals(y));

        public int GetHashCode(object key) => key switch
        {
            // The halves one by one: a long's own hash only folds them, with nothing secret.
            long number => HashCode.Combine((int)number, (int)(number >> 32)),
            double number => HashCode.Combine((int)BitConverter.DoubleToInt64Bits(number), (int)(BitConverter.DoubleToInt64Bits(number) >> 32)),
            object?[] tuple => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(tuple),
            _ => key.GetHashCode(),
        };
    }
}

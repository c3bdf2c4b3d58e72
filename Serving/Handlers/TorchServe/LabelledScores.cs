using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>A dictionary as Python builds it: a key that comes again keeps its place and gets the new value.</summary>
internal sealed class LabelledScores(int capacity)
{
    private readonly List<KeyValuePair<Value, Value>> _entries = new(capacity);
    private readonly Dictionary<string, int> _places = new(capacity, StringComparer.Ordinal);

    public void Add(StringValue label, Value value)
    {
        if (_places.TryGetValue(label.Text, out var place))
        {
            _entries[place] = new(label, value);
            return;
        }

        _places.Add(label.Text, _entries.Count);
        _entries.Add(new(label, value));
    }

    public DictValue ToValue() => new(_entries);
}

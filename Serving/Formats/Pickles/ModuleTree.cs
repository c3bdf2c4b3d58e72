using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Turns instances with the state of a <c>torch.nn.Module</c> into <see cref="PickledModule"/>s, and reads their tensors.</summary>
/// <param name="tensors">Reads them.</param>
/// <param name="budget">What the objects may cost.</param>
/// <param name="isKnown">Whether a class can be mapped; an unknown one is refused before its weights are read.</param>
internal sealed class ModuleTree(TensorReader tensors, PickleBudget budget, Func<string, bool> isKnown)
{
    private const int ModuleBytes = 600;
    private const int EntryBytes = 80;
    private readonly Dictionary<PickledObject, PickledModule> _modules = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<PickledObject> _open = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _plain = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether an instance is a module, by its state.</summary>
    public static bool IsModule(PickledObject made) => made.State is { } state && state.Find("_modules") is PickledDict && state.Find("_parameters") is PickledDict;

    /// <summary>A module and everything inside.</summary>
    /// <exception cref="PickleException">A class is not known, a state is not that of a module, or modules are inside themselves.</exception>
    public PickledModule Convert(PickledObject made, string path)
    {
        if (_modules.TryGetValue(made, out var known))
            return known;
        var label = path.Length == 0 ? $"the model ({made.Type})" : $"'{path}' ({made.Type})";
        if (!isKnown(made.Type.FullName))
            throw PickleException.Refused($"cannot be read without Python: {label} is of a class whose code is not in the file and that this server does not know");
        if (!IsModule(made) || made.State is not { } state)
            throw PickleException.Refused($"cannot be read without Python: {label} is not a module of PyTorch");
        if (!_open.Add(made) || _open.Count > PickleLimits.Depth)
            throw PickleException.Refused($"cannot be read without Python: {label} is inside itself or nests deeper than {PickleLimits.Depth} levels");
        if (_modules.Count >= PickleLimits.Modules)
            throw PickleException.Refused($"holds more than {PickleLimits.Modules} modules");
        ModuleState.CheckHooks(state, label);
        budget.Charge(ModuleBytes + ((long)EntryBytes * state.Count));
        var module = new PickledModule
        {
            ClassName = made.Type.FullName,
            Path = path,
            Parameters = Tensors(state, "_parameters", label),
            Buffers = Tensors(state, "_buffers", label),
            Modules = Children(state, path, label),
            Attributes = Attributes(state, path),
        };
        _open.Remove(made);
        _modules.Add(made, module);
        return module;
    }

    private Dictionary<string, Tensor?> Tensors(PickledDict state, string key, string label)
    {
        if (state.Find(key) is not PickledDict entries)
            return [];
        budget.Charge((long)EntryBytes * entries.Count);
        var found = new Dictionary<string, Tensor?>(entries.Count);
        foreach (var (name, value) in entries)
        {
            found[Name(name, label)] = value switch
            {
                null => null,
                PickledTensor tensor => tensors.Read(tensor),
                _ => throw PickleException.Refused($"cannot be read without Python: {label} has {PickleFill.NameOf(value)} among its tensors"),
            };
        }

        return found;
    }

    private OrderedDictionary<string, PickledModule?> Children(PickledDict state, string path, string label)
    {
        var entries = (PickledDict)state.Find("_modules")!;
        budget.Charge((long)EntryBytes * entries.Count);
        var found = new OrderedDictionary<string, PickledModule?>(entries.Count);
        foreach (var (key, value) in entries)
        {
            var name = Name(key, label);
            found[name] = value switch
            {
                null => null,
                PickledObject child => Convert(child, Join(path, name)),
                _ => throw PickleException.Refused($"cannot be read without Python: {label} has {PickleFill.NameOf(value)} among its modules"),
            };
        }

        return found;
    }

    private Dictionary<string, object?> Attributes(PickledDict state, string path)
    {
        var found = new Dictionary<string, object?>(state.Count);
        foreach (var (key, value) in state)
        {
            if (key is string name && !ModuleState.IsOwn(name))
                found[name] = Plain(value, Join(path, name), 0);
        }

        return found;
    }

    /// <summary>Plain data with tensors and modules in it; containers are changed in place, each once however often it is referred to.</summary>
    private object? Plain(object? value, string path, int depth)
    {
        switch (value)
        {
            case PickledTensor tensor:
                return tensors.Read(tensor);
            case NumpyArray array:
                return array.Tensor;
            case PickledObject made when IsModule(made) && isKnown(made.Type.FullName):
                return Convert(made, path);
            case PickledObject made:
                // Some object that its owner needs in Python only; the mapping decides whether it needs it.
                return made.Type;
            case PickledSet set:
                return Plain(set.Items, path, depth);
            case List<object?> or object?[] or PickledDict when depth >= PickleLimits.Depth:
                throw PickleException.Refused($"nests deeper than {PickleLimits.Depth} levels");
            case List<object?> list when Visit(list):
                for (var i = 0; i < list.Count; i++)
                    list[i] = Plain(list[i], path, depth + 1);
                break;
            case object?[] { Length: > 0 } tuple when Visit(tuple):
                for (var i = 0; i < tuple.Length; i++)
                    tuple[i] = Plain(tuple[i], path, depth + 1);
                break;
            case PickledDict dict when Visit(dict):
                for (var i = 0; i < dict.Count; i++)
                    dict.SetAt(i, Plain(dict.At(i).Value, path, depth + 1));
                break;
        }

        return value;
    }

    private bool Visit(object container)
    {
        budget.Charge(40);
        return _plain.Add(container);
    }

    private static string Join(string path, string name) => PrintableText.Of(path.Length == 0 ? name : $"{path}.{name}");

    private static string Name(object key, string label) => key as string ?? throw PickleException.Refused($"cannot be read without Python: {label} has a part whose name is no text");
}

using Granary.Serving.Formats.Pickles;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>One thing in a module tree that is taken away or replaced by something absurd.</summary>
internal sealed record PickledChange(PickledModule Module, string Name, bool Remove)
{
    /// <summary>Every change to the modules of sk2torch in a tree, once for each class and name.</summary>
    public static IEnumerable<PickledChange> Of(PickledModule root) =>
        Modules(root).Where(module => module.ClassName.StartsWith("sk2torch.", StringComparison.Ordinal))
            .SelectMany(module => Names(module).SelectMany(name => new[] { new PickledChange(module, name, true), new PickledChange(module, name, false) }))
            .DistinctBy(change => (change.Module.ClassName, change.Name, change.Remove));

    /// <summary>A copy of the tree with this change.</summary>
    public PickledModule In(PickledModule root)
    {
        var isTarget = ReferenceEquals(root, Module);
        return new PickledModule
        {
            ClassName = root.ClassName,
            Path = root.Path,
            Parameters = Changed(root.Parameters, isTarget, _ => Absurd),
            Buffers = Changed(root.Buffers, isTarget, _ => Absurd),
            Attributes = Changed(root.Attributes, isTarget, _ => new Dictionary<object, object?>()),
            Modules = Changed(root.Modules.ToDictionary(child => child.Key, child => child.Value is null ? null : In(child.Value)), isTarget, Replaced),
        };
    }

    private static Tensor Absurd { get; } = Tensor.From<byte>(DType.Bool, [1, 1, 1, 1, 1], [1]);

    private static PickledModule Replaced(string name) => new() { ClassName = "torch.nn.modules.nothing.Nothing", Path = name };

    private static IEnumerable<PickledModule> Modules(PickledModule root) => root.Modules.Values.OfType<PickledModule>().SelectMany(Modules).Prepend(root);

    private static IEnumerable<string> Names(PickledModule module) => module.Parameters.Keys.Concat(module.Buffers.Keys).Concat(module.Attributes.Keys).Concat(module.Modules.Keys);

    private OrderedDictionary<string, T> Changed<T>(IReadOnlyDictionary<string, T> members, bool isTarget, Func<string, T> absurd)
    {
        var changed = new OrderedDictionary<string, T>(members);
        if (!isTarget || !changed.ContainsKey(Name))
            return changed;
        if (Remove)
            changed.Remove(Name);
        else
            changed[Name] = absurd(Name);
        return changed;
    }
}

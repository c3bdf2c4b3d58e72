namespace Granary.Serving.Formats.Pickles;

/// <summary>What every <c>torch.nn.Module</c> has in its <c>__dict__</c>. Source: <c>torch/nn/modules/module.py</c>.</summary>
internal static class ModuleState
{
    /// <summary>Hooks that change what a module computes; they are Python code that a file cannot hold.</summary>
    private static readonly string[] Computing = ["_forward_hooks", "_forward_pre_hooks"];

    /// <summary>Whether an attribute is one of the base class rather than of the model.</summary>
    public static bool IsOwn(string name) => name is "training" or "_parameters" or "_buffers" or "_modules" or "_non_persistent_buffers_set"
        or "_is_full_backward_hook" or "_version" || (name.StartsWith('_') && (name.EndsWith("_hooks", StringComparison.Ordinal)
        || name.EndsWith("_hooks_with_kwargs", StringComparison.Ordinal) || name.EndsWith("_hooks_always_called", StringComparison.Ordinal)));

    /// <summary>Refuses a module whose result hooks change, such as <c>weight_norm</c>.</summary>
    /// <exception cref="PickleException">It has some.</exception>
    public static void CheckHooks(PickledDict state, string label)
    {
        foreach (var name in Computing)
        {
            if (state.Find(name) is PickledDict { Count: > 0 })
                throw PickleException.Refused($"cannot be read without Python: {label} has hooks ({name}), such as those of weight_norm or spectral_norm");
        }
    }
}

using System.Runtime.CompilerServices;

namespace Granary.Torch;

/// <summary>Writes a blueprint to a tape and has a module made of it. Pairs with ModuleBuild.cpp, which has the grammar.</summary>
internal static class ModuleBuild
{
    private const int MaxDepth = 200;
    private const int MaxName = 100;

    // libtorch walks a module that stands in two places twice; what stands in 2^50 places would keep it busy for ever.
    private const long MaxPlaces = 100_000;

    /// <summary>Makes the module; <see cref="NativeRuntime.Load"/> came first.</summary>
    /// <exception cref="TorchException">The blueprint is wrong or cannot be built here.</exception>
    [SkipLocalsInit]
    public static NativeModule Run(ModuleBlueprint root, ModuleOptions options)
    {
        var order = new OrderedDictionary<ModuleBlueprint, long>(ReferenceEqualityComparer.Instance);
        Visit(root, order, []);
        var storages = new HashSet<NativeStorage>();
        var tape = new ArgumentTape(stackalloc byte[512]);
        try
        {
            tape.Put((uint)order.Count);
            foreach (var blueprint in order.Keys)
                Write(ref tape, blueprint, order, storages);
            return NativeModule.Build(tape.Written, options.Device, options.Optimize);
        }
        finally
        {
            tape.Dispose();
            foreach (var storage in storages)
                storage.DangerousRelease();
            // The tape holds bare addresses.
            GC.KeepAlive(root);
        }
    }

    /// <summary>Children before parents, each once, with the number of places that hold a module at or below it.</summary>
    private static long Visit(ModuleBlueprint blueprint, OrderedDictionary<ModuleBlueprint, long> order, HashSet<ModuleBlueprint> open)
    {
        if (order.TryGetValue(blueprint, out var known))
            return known;
        if (open.Count >= MaxDepth || !open.Add(blueprint))
            throw Wrong($"module '{blueprint.Name}' is inside itself, or modules nest deeper than {MaxDepth} levels");
        long places = 1;
        foreach (var (_, child) in blueprint.Modules)
        {
            places += Visit(child, order, open);
            if (places > MaxPlaces)
                throw Wrong($"the model uses its modules in more than {MaxPlaces} places");
        }

        open.Remove(blueprint);
        order.Add(blueprint, places);
        return places;
    }

    private static void Write(ref ArgumentTape tape, ModuleBlueprint blueprint, OrderedDictionary<ModuleBlueprint, long> order, HashSet<NativeStorage> storages)
    {
        var names = new HashSet<string>();
        PutName(ref tape, blueprint.Name, []);
        Write(ref tape, blueprint.Parameters, names, storages);
        Write(ref tape, blueprint.Buffers, names, storages);
        tape.Put((uint)blueprint.Attributes.Count);
        foreach (var (name, value) in blueprint.Attributes)
        {
            PutName(ref tape, name, names);
            tape.Write(value, 0);
        }

        tape.Put((uint)blueprint.Modules.Count);
        foreach (var (name, child) in blueprint.Modules)
        {
            PutName(ref tape, name, names);
            tape.Put((uint)order.IndexOf(child));
        }

        // TorchScript's parser wants the last line to end.
        tape.PutString(blueprint.Source + "\n");
    }

    private static void Write(ref ArgumentTape tape, IReadOnlyList<KeyValuePair<string, Tensor>> tensors, HashSet<string> names, HashSet<NativeStorage> storages)
    {
        tape.Put((uint)tensors.Count);
        foreach (var (name, tensor) in tensors)
        {
            PutName(ref tape, name, names);
            tape.Put((byte)tensor.DType);
            tape.Put((uint)tensor.Shape.Length);
            foreach (var size in tensor.Shape)
                tape.Put(size);
            tape.Put((ulong)tensor.Data);
            tape.Put((ulong)Keep(tensor, storages));
        }
    }

    /// <summary>The storage that the module takes over; zero when the elements are to be copied.</summary>
    private static nint Keep(Tensor tensor, HashSet<NativeStorage> storages)
    {
        if (tensor.Owner is not WeightMemory.Hold { Storage: var storage })
            return 0;
        if (storages.Contains(storage))
            return storage.DangerousGetHandle();
        var added = false;
        storage.DangerousAddRef(ref added);
        storages.Add(storage);
        return storage.DangerousGetHandle();
    }

    /// <summary>Names become TorchScript source, so nothing but an identifier may pass.</summary>
    private static void PutName(ref ArgumentTape tape, string name, HashSet<string> taken)
    {
        if (name.Length is 0 or > MaxName || char.IsAsciiDigit(name[0]) || name.AsSpan().ContainsAnyExcept(Identifier))
            throw Wrong($"'{name}' is no name for a part of a module");
        if (!taken.Add(name))
            throw Wrong($"the name '{name}' stands for two things");
        tape.PutString(name);
    }

    private static readonly System.Buffers.SearchValues<char> Identifier =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private static TorchException Wrong(string what) => new(TorchFailure.Load, $"the blueprint cannot be built: {what}");
}

using System.Globalization;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>Reads what a pickled sk2torch module holds; what is missing or has the wrong form is refused with class, path and name.</summary>
internal readonly struct SklearnFields(PickledModule module)
{
    /// <summary>Stands for a size that may be anything.</summary>
    public const long Any = -1;

    /// <summary>Class without its Python module, such as <c>TorchPCA</c>.</summary>
    public string Class => module.ShortName;

    /// <summary>A floating-point tensor of that shape; sizes may be <see cref="Any"/>.</summary>
    public Tensor Floats(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = Shaped(name, shape);
        return tensor.DType is DType.Float64 or DType.Float32 or DType.Float16 or DType.BFloat16
            ? tensor
            : throw Refuse(name, $"has dtype {tensor.DType.TorchName()}, but must be a floating-point tensor");
    }

    /// <summary>A vector of class labels: whole numbers, floats or truth values.</summary>
    public Tensor Labels(string name, long count)
    {
        var labels = Shaped(name, count);
        return labels.ElementCount > 0 ? labels : throw Refuse(name, "is empty, but must hold at least one class");
    }

    /// <summary>A tensor of that shape, parameter or buffer, with any dtype.</summary>
    public Tensor Shaped(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = Tensor(name);
        return Fits(tensor.Shape, shape) ? tensor : throw Refuse(name, $"has shape {Print(tensor.Shape)}, but must be {Print(shape)}");
    }

    /// <summary>A parameter or buffer: which of the two depends on the model, and makes no difference to a served one.</summary>
    public Tensor Tensor(string name) => TryTensor(name) ?? throw module.Refuse($"has no tensor '{name}'");

    /// <summary>A parameter or buffer if there is one of that name.</summary>
    public Tensor? TryTensor(string name) => module.Parameters.GetValueOrDefault(name) ?? module.Buffers.GetValueOrDefault(name);

    public bool Flag(string name) => module.Flag(name);

    public long Integer(string name) => module.Integer(name);

    public double Number(string name) => module.Number(name);

    public string Text(string name) => module.Text(name);

    public long[] Integers(string name) => module.Integers(name);

    public PickledModule Child(string name) => module.Module(name);

    /// <summary>A string, which must be one of <paramref name="known"/>.</summary>
    public string OneOf(string name, params ReadOnlySpan<string> known)
    {
        var text = Text(name);
        foreach (var candidate in known)
        {
            if (candidate == text)
                return candidate;
        }

        throw Refuse(name, $"must be one of {string.Join(", ", known.ToArray())}");
    }

    public string[] Texts(string name)
    {
        var items = module.Items(name);
        var texts = new string[items.Count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = items[i] as string ?? throw Refuse(name, "must be a list of texts");
        return texts;
    }

    /// <summary>The members of a <c>ModuleList</c>, at least one.</summary>
    public PickledModule[] Children(string name)
    {
        var children = Members(name, "torch.nn.modules.container.ModuleList");
        return children.Length > 0 ? children : throw Refuse(name, "must hold submodules, but is empty");
    }

    /// <summary>The members of a container of that class, in order.</summary>
    public PickledModule[] Members(string name, string container)
    {
        var child = Child(name);
        if (child.ClassName != container)
            throw Refuse(name, $"must be a {container}");
        var members = new List<PickledModule>(child.Modules.Count);
        foreach (var (_, member) in child.Modules)
            members.Add(member ?? throw Refuse(name, "must hold submodules only, but has None among them"));
        return [.. members];
    }

    /// <summary>What to throw about one parameter, buffer, attribute or submodule.</summary>
    public PickleException Refuse(string name, string what) => module.Refuse($"has a '{name}' that {what}");

    public static string Print(ReadOnlySpan<long> shape)
    {
        var sizes = new string[shape.Length];
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] = shape[i] == Any ? "*" : shape[i].ToString(CultureInfo.InvariantCulture);
        return $"[{string.Join(", ", sizes)}]";
    }

    private static bool Fits(ReadOnlySpan<long> actual, ReadOnlySpan<long> shape)
    {
        if (actual.Length != shape.Length)
            return false;
        for (var i = 0; i < shape.Length; i++)
        {
            if (shape[i] != Any && shape[i] != actual[i])
                return false;
        }

        return true;
    }
}

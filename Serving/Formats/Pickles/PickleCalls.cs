using System.Collections.Frozen;
using System.Text;

namespace Granary.Serving.Formats.Pickles;

/// <summary>The only calls that a pickle may ask for, each done here and not by Python.</summary>
internal sealed class PickleCalls(PickleBudget budget)
{
    private static readonly FrozenDictionary<string, Func<PickleCalls, object?[], object?>> Known = new Dictionary<string, Func<PickleCalls, object?[], object?>>
    {
        ["collections.OrderedDict"] = (calls, arguments) => calls.OrderedDict(arguments),
        ["builtins.set"] = (calls, arguments) => calls.Set(arguments),
        ["__builtin__.set"] = (calls, arguments) => calls.Set(arguments),
        ["builtins.frozenset"] = (calls, arguments) => calls.Set(arguments),
        ["__builtin__.frozenset"] = (calls, arguments) => calls.Set(arguments),
        ["builtins.complex"] = (calls, arguments) => calls.Complex(arguments),
        ["__builtin__.complex"] = (calls, arguments) => calls.Complex(arguments),
        ["torch.Size"] = (_, arguments) => arguments is [object?[] sizes] ? sizes : null,
        ["torch.device"] = (_, arguments) => arguments is [string or long, ..] ? new PickledGlobal("torch.device") : null,
        ["torch._utils._rebuild_tensor"] = (calls, arguments) => arguments.Length == 4 ? calls.Tensor(arguments, null) : null,
        ["torch._utils._rebuild_tensor_v2"] = (calls, arguments) => arguments.Length is 6 or 7 ? calls.Tensor(arguments, null) : null,
        ["torch._utils._rebuild_tensor_v3"] = (calls, arguments) => arguments is [_, _, _, _, _, _, PickledGlobal dtype, ..] ? calls.Tensor(arguments, dtype) : null,
        ["torch._utils._rebuild_parameter"] = (_, arguments) => arguments is [PickledTensor data, _, _] ? data : null,
        ["torch._utils._rebuild_parameter_with_state"] = (_, arguments) => arguments is [PickledTensor data, _, _, _] ? data : null,
        ["torch._tensor._rebuild_from_type_v2"] = (calls, arguments) => calls.FromType(arguments),
        ["_codecs.encode"] = (calls, arguments) => calls.Encode(arguments),
        ["numpy.dtype"] = (calls, arguments) => NumpyType.Create(arguments, calls._budget),
        ["numpy.core.multiarray.scalar"] = (_, arguments) => NumpyType.Scalar(arguments),
        ["numpy._core.multiarray.scalar"] = (_, arguments) => NumpyType.Scalar(arguments),
        ["numpy.core.multiarray._reconstruct"] = (calls, arguments) => NumpyArray.Create(arguments, calls._budget),
        ["numpy._core.multiarray._reconstruct"] = (calls, arguments) => NumpyArray.Create(arguments, calls._budget),
    }.ToFrozenDictionary();

    private readonly PickleBudget _budget = budget;

    /// <summary>Does one call.</summary>
    /// <exception cref="PickleException">It is none of the known ones, or its arguments are not those that PyTorch writes.</exception>
    public object Call(object? function, object?[] arguments)
    {
        if (function is not PickledGlobal { FullName: var name })
            throw PickleException.Calls(PickleFill.NameOf(function));
        if (!Known.TryGetValue(name, out var call))
            throw PickleException.Calls(name);
        return call(this, arguments) ?? throw PickleException.Damaged($"its pickle calls {name} with arguments that it does not take");
    }

    private PickledDict? OrderedDict(object?[] arguments)
    {
        _budget.Charge(24);
        var dict = new PickledDict();
        if (arguments is [])
            return dict;
        if (arguments is not [List<object?> pairs])
            return null;
        dict.Expect(pairs.Count, _budget);
        foreach (var pair in pairs)
        {
            var (key, value) = pair switch
            {
                List<object?> { Count: 2 } list => (list[0], list[1]),
                object?[] { Length: 2 } tuple => (tuple[0], tuple[1]),
                _ => throw PickleException.Damaged("its pickle has a dictionary item that is no pair"),
            };
            dict.Set(key, value);
        }

        return dict;
    }

    private PickledSet? Set(object?[] arguments)
    {
        _budget.Charge(56);
        return arguments switch
        {
            [] => new PickledSet([]),
            // Not copied: a pickler never uses that list again.
            [List<object?> items] => new PickledSet(items),
            _ => null,
        };
    }

    private object? Complex(object?[] arguments)
    {
        _budget.Charge(32);
        return arguments is [double real, double imaginary] ? new System.Numerics.Complex(real, imaginary) : null;
    }

    private PickledTensor? Tensor(object?[] arguments, PickledGlobal? type)
    {
        if (arguments is not [PickledStorage storage, long offset, object?[] sizes, object?[] strides, ..])
            return null;
        var dtype = type is null ? storage.DType : PickledStorage.DTypeOf(type.FullName);
        if (dtype is null)
            throw PickleException.Refused(type is null ? "has a tensor without a dtype" : $"has a tensor of {type}, which is not read");
        if (storage.DType is { } stored && stored != dtype)
            throw PickleException.Damaged("its pickle gives a storage another dtype than its tensor");
        _budget.Charge(128 + (16L * Math.Min(sizes.Length + strides.Length, 2 * PickleLimits.Rank)));
        return PickledTensor.Create(storage, dtype.Value, offset, Whole(sizes), Whole(strides));
    }

    /// <summary>A tensor that had Python attributes: they are not needed.</summary>
    private object? FromType(object?[] arguments) =>
        arguments is [PickledGlobal { FullName: "torch._utils._rebuild_tensor_v2" or "torch._utils._rebuild_tensor_v3" or "torch._utils._rebuild_parameter" } function,
            PickledGlobal { FullName: "torch.Tensor" or "torch._tensor.Tensor" or "torch.nn.parameter.Parameter" }, object?[] inner, _]
            ? Call(function, inner)
            : null;

    /// <summary>How protocol 2 writes bytes.</summary>
    private byte[]? Encode(object?[] arguments)
    {
        if (arguments is not [string text, "latin1" or "latin-1"])
            return null;
        _budget.Charge(32 + text.Length);
        return Encoding.Latin1.GetBytes(text);
    }

    private static long[] Whole(object?[] items)
    {
        if (items.Length > PickleLimits.Rank)
            throw PickleException.Damaged($"a tensor has {items.Length} dimensions");
        var numbers = new long[items.Length];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = items[i] is long number ? number : throw PickleException.Damaged("a tensor has a size or stride that is no integer");
        return numbers;
    }
}

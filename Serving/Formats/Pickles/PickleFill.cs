namespace Granary.Serving.Formats.Pickles;

/// <summary>The opcodes that put values into containers and instances.</summary>
internal static class PickleFill
{
    private const int ItemBytes = 24;

    public static void Append(PickleStack stack, PickleBudget budget)
    {
        var item = stack.Pop();
        budget.Charge(ItemBytes);
        ItemsOf(stack.Peek()).Add(item);
    }

    public static void AppendAll(PickleStack stack, PickleBudget budget)
    {
        var items = stack.PopMark();
        budget.Charge((long)ItemBytes * items.Length);
        ItemsOf(stack.Peek()).AddRange(items);
    }

    public static void Set(PickleStack stack, PickleBudget budget)
    {
        var value = stack.Pop();
        var key = stack.Pop();
        var dict = DictOf(stack.Peek());
        dict.Expect(1, budget);
        dict.Set(key, value);
    }

    public static void SetAll(PickleStack stack, PickleBudget budget)
    {
        var items = stack.PopMark();
        if (items.Length % 2 != 0)
            throw PickleException.Damaged("its pickle has a dictionary key without a value");
        var dict = DictOf(stack.Peek());
        dict.Expect(items.Length / 2, budget);
        for (var i = 0; i < items.Length; i += 2)
            dict.Set(items[i], items[i + 1]);
    }

    /// <summary>Gives an instance its state.</summary>
    public static void Build(object? target, object? state, PickleBudget budget)
    {
        switch (target)
        {
            case PickledObject made:
                if (made.IsBuilt)
                    throw PickleException.Damaged($"its pickle gives an instance of {made.Type} two states");
                made.IsBuilt = true;
                made.State = state as PickledDict;
                break;
            case PickledDict:
                // Attributes of an OrderedDict, such as the versions of a state_dict.
                break;
            case NumpyType type:
                type.SetState(state);
                break;
            case NumpyArray array:
                array.SetState(state, budget);
                break;
            default:
                throw PickleException.Refused($"gives a state to {NameOf(target)}");
        }
    }

    private static List<object?> ItemsOf(object? target) => target switch
    {
        List<object?> list => list,
        PickledSet set => set.Items,
        _ => throw PickleException.Refused($"puts items into {NameOf(target)}"),
    };

    private static PickledDict DictOf(object? target) => target as PickledDict ?? throw PickleException.Refused($"puts keys into {NameOf(target)}");

    /// <summary>A value in words, for messages.</summary>
    public static string NameOf(object? value) => value switch
    {
        null => "None",
        PickledObject made => $"an instance of {made.Type}",
        PickledGlobal global => global.FullName,
        PickledTensor or NumpyArray => "a tensor",
        string => "a text",
        long or double or bool => "a number",
        object?[] => "a tuple",
        List<object?> => "a list",
        PickledDict => "a dictionary",
        PickledSet => "a set",
        _ => "a value of another kind",
    };
}

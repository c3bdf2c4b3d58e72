using Granary.Serving.Json;
using Granary.Serving.Values;

namespace Granary.Api.TorchServing;

/// <summary>What the property <c>type</c> of a value says.</summary>
internal enum TypedKind
{
    /// <summary>Nothing that is known.</summary>
    Unknown,
    Tensor,
    TensorList,
    TensorDict,
    Scalar,
    String,
    GenericDict,
    List,
    Tuple,
    NamedTuple,
    None,
    Image,
}

/// <summary>Names of the kinds, and what values of a kind can be.</summary>
internal static class TypedKinds
{
    /// <summary>The kind of that name.</summary>
    public static TypedKind Parse(JsonString name)
    {
        if (name.Is("tensor"u8))
            return TypedKind.Tensor;
        if (name.Is("scalar"u8))
            return TypedKind.Scalar;
        if (name.Is("string"u8))
            return TypedKind.String;
        if (name.Is("tensor_list"u8))
            return TypedKind.TensorList;
        if (name.Is("tensor_dict"u8))
            return TypedKind.TensorDict;
        if (name.Is("generic_dict"u8) || name.Is("dict"u8))
            return TypedKind.GenericDict;
        if (name.Is("list"u8))
            return TypedKind.List;
        if (name.Is("tuple"u8))
            return TypedKind.Tuple;
        if (name.Is("named_tuple"u8))
            return TypedKind.NamedTuple;
        if (name.Is("none"u8))
            return TypedKind.None;
        return name.Is("image"u8) ? TypedKind.Image : TypedKind.Unknown;
    }

    /// <summary>Whether a value of a kind can be what the model expects.</summary>
    public static bool Fits(TypedKind kind, ScriptType type) => type.Kind switch
    {
        ScriptTypeKind.Any => true,
        ScriptTypeKind.Optional => kind == TypedKind.None || Fits(kind, type.Parts[0]),
        ScriptTypeKind.Union => type.Parts.Any(part => Fits(kind, part)),
        ScriptTypeKind.Tensor => kind is TypedKind.Tensor or TypedKind.Image,
        ScriptTypeKind.Int or ScriptTypeKind.Float or ScriptTypeKind.Bool or ScriptTypeKind.Complex or ScriptTypeKind.Number => kind == TypedKind.Scalar,
        ScriptTypeKind.String => kind == TypedKind.String,
        ScriptTypeKind.None => kind == TypedKind.None,
        ScriptTypeKind.List => kind == TypedKind.List || (kind == TypedKind.TensorList && type.Parts[0].Kind is ScriptTypeKind.Tensor or ScriptTypeKind.Any),
        ScriptTypeKind.Tuple => kind == TypedKind.Tuple || kind == TypedKind.TensorList,
        ScriptTypeKind.NamedTuple => kind is TypedKind.NamedTuple or TypedKind.Tuple or TypedKind.GenericDict or TypedKind.TensorDict or TypedKind.TensorList,
        ScriptTypeKind.Dict => kind is TypedKind.GenericDict or TypedKind.TensorDict,
        _ => false,
    };
}

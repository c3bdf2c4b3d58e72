namespace Granary.Serving.Values;

/// <summary>What kind of TorchScript type.</summary>
public enum ScriptTypeKind
{
    /// <summary><c>Tensor</c>.</summary>
    Tensor,

    /// <summary><c>int</c>.</summary>
    Int,

    /// <summary><c>float</c>.</summary>
    Float,

    /// <summary><c>bool</c>.</summary>
    Bool,

    /// <summary><c>str</c>.</summary>
    String,

    /// <summary><c>complex</c>.</summary>
    Complex,

    /// <summary><c>number</c>: int, float or complex.</summary>
    Number,

    /// <summary><c>None</c>.</summary>
    None,

    /// <summary><c>Any</c>.</summary>
    Any,

    /// <summary><c>List[T]</c>.</summary>
    List,

    /// <summary><c>Tuple[…]</c>.</summary>
    Tuple,

    /// <summary>A <c>NamedTuple</c> whose fields are known.</summary>
    NamedTuple,

    /// <summary><c>Dict[K, V]</c>.</summary>
    Dict,

    /// <summary><c>Optional[T]</c>.</summary>
    Optional,

    /// <summary><c>Union[…]</c>.</summary>
    Union,

    /// <summary>What cannot be given from outside: devices, custom classes.</summary>
    Other,
}

namespace Granary.Torch;

/// <summary>First byte of every value on a tape; the same numbers are in <c>granary::Tag</c> of Shim.h.</summary>
internal enum TapeTag : byte
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Float = 3,
    Complex = 4,
    Bool = 5,
    String = 6,
    List = 7,
    Tuple = 8,
    NamedTuple = 9,
    Dict = 10,
}

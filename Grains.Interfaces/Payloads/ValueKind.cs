namespace Granary.Grains.Interfaces.Payloads;

/// <summary>First byte of an encoded value. The numbers are on the wire: add at the end, never renumber.</summary>
internal enum ValueKind : byte
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Complex = 4,
    False = 5,
    True = 6,
    String = 7,
    List = 8,
    Tuple = 9,
    NamedTuple = 10,
    Dict = 11,
}

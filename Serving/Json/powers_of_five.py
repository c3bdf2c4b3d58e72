#!/usr/bin/env python3
"""Writes PowersOfFive.cs: the 128 leading bits of 5^q for q in [-342, 308].

Positive powers are cut off; the reciprocals of negative ones are cut off and raised by one unit, which is what the
algorithm of Eisel and Lemire needs ("Number Parsing at a Gigabyte per Second", arXiv:2101.11408, section 5).
Run: python3 powers_of_five.py > PowersOfFive.cs
"""

SMALLEST, LARGEST = -342, 308


def leading_bits(q):
    if q >= 0:
        value = 5**q
        shift = value.bit_length() - 128
        return value >> shift if shift > 0 else value << -shift
    power = 5**-q
    bits = (power - 1).bit_length()
    if q >= -27:
        return (1 << (bits + 127)) // power + 1
    value = (1 << (2 * bits + 128)) // power + 1
    return value >> (value.bit_length() - 128)


def words(q):
    value = leading_bits(q)
    assert value.bit_length() == 128
    return f"0x{value >> 64:X}, 0x{value & (2**64 - 1):X},"


print("""// Written by powers_of_five.py, which stands beside this file.
namespace Granary.Serving.Json;

/// <summary>The 128 leading bits of the powers of five that a 19-digit number can need to become a binary64.</summary>
internal static class PowersOfFive
{
    /// <summary>The lowest exponent in the table; below it every 19-digit number rounds to zero.</summary>
    public const int Smallest = -342;

    /// <summary>The highest exponent in the table; above it every number is infinite.</summary>
    public const int Largest = 308;

    /// <summary>Two words a power, the upper one first, from 5^-342 on. Lies in the assembly: no start-up cost.</summary>
    public static ReadOnlySpan<ulong> Words =>
    [""")
row = []
for q in range(SMALLEST, LARGEST + 1):
    row.append(words(q))
    if len(row) == 3:
        print("        " + " ".join(row))
        row = []
if row:
    print("        " + " ".join(row))
print("""    ];
}""")

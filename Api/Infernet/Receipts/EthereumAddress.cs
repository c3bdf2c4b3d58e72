using System.Text;

namespace Granary.Api.Infernet.Receipts;

/// <summary>Addresses as people read them.</summary>
internal static class EthereumAddress
{
    /// <summary><c>0x</c> and 40 hex digits whose upper and lower case is a checksum (EIP-55).</summary>
    public static string Format(ReadOnlySpan<byte> address)
    {
        var digits = Convert.ToHexStringLower(address).ToCharArray();
        Span<byte> hash = stackalloc byte[Keccak256.Size];
        Keccak256.Hash(Encoding.ASCII.GetBytes(digits), hash);
        for (var i = 0; i < digits.Length; i++)
        {
            if (((hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 8) != 0)
                digits[i] = char.ToUpperInvariant(digits[i]);
        }

        return "0x" + new string(digits);
    }
}

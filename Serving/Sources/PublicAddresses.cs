using System.Net;
using System.Net.Sockets;

namespace Granary.Serving.Sources;

/// <summary>
/// Tells addresses of the public internet from those that only this host or its network should reach: loopback, private, link-local,
/// carrier-grade NAT, multicast, documentation and other reserved ranges.
/// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries.
/// </summary>
public static class PublicAddresses
{
    private static readonly IPNetwork[] Reserved =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(static text => IPNetwork.Parse(text)),
    ];

    /// <summary>Whether an address belongs to somebody out there. IPv4 inside IPv6 (mapped, 6to4, NAT64, compatible) counts as the IPv4 it means.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (Embedded(address) is { } inner)
            return IsPublic(inner);
        foreach (var network in Reserved)
        {
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address))
                return false;
        }

        return true;
    }

    private static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        ReadOnlySpan<byte> nat64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
        if (address.IsIPv4MappedToIPv6 || bytes.StartsWith(nat64))
            return new IPAddress(bytes[12..]);
        if (bytes is [0x20, 0x02, ..])
            return new IPAddress(bytes[2..6]);
        // ::a.b.c.d, but neither :: nor ::1.
        return bytes[..12].IndexOfAnyExcept((byte)0) < 0 && bytes[12..].IndexOfAnyExcept((byte)0) is >= 0 and < 3 ? new IPAddress(bytes[12..]) : null;
    }
}

using System.Diagnostics.CodeAnalysis;
using Granary.Serving;

namespace Granary.Api.Infernet.OnChain;

/// <summary>Failures of on-chain data; each names the field and the byte where it stands in the whole data.</summary>
internal static class AbiErrors
{
    /// <summary>The data is not what the field needs.</summary>
    public static ServingException Invalid(string field, long position, string what) =>
        new(ServingError.InvalidArgument, $"On-chain data, {field} at byte {position}: {what}");

    /// <summary>The data ends before the field does.</summary>
    [DoesNotReturn]
    public static void ThrowShort(string field, long position, long needed, long end) =>
        throw Invalid(field, position, $"{needed} bytes are needed, the data ends at byte {end}");

    /// <summary>What the model returned cannot be written in this form.</summary>
    public static ServingException Inexpressible(string what) => new(ServingError.Unsupported, what);
}

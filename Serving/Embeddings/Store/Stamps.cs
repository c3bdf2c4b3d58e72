using System.Runtime.CompilerServices;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// When a row was written, in three bytes: seconds since a base that the store moves every 97 days; 0 is any time before it. Rows that
/// are not in use have a mark.
/// </summary>
internal static unsafe class Stamps
{
    public const int Bytes = 3;

    /// <summary>The row is not in use.</summary>
    public const uint Free = 0x00ff_ffff;

    /// <summary>The latest.</summary>
    public const uint Most = Free - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Read(byte* at) => *(ushort*)at | ((uint)at[2] << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(byte* at, uint stamp)
    {
        *(ushort*)at = (ushort)stamp;
        at[2] = (byte)(stamp >> 16);
    }
}

namespace Granary.Serving.Formats.Pickles;

/// <summary>The pickled number 0x1950a86a20f9469cfc6c, with which files from before PyTorch 1.6 begin.</summary>
internal static class LegacyMagic
{
    private static ReadOnlySpan<byte> Number => [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>Length of the pickle with the number; 0 when the file does not begin with it.</summary>
    public static int LengthIn(ReadOnlySpan<byte> start)
    {
        if (start.Length < 2 || start[0] != 0x80 || start[1] is < 2 or > 5)
            return 0;
        // From protocol 4 on a frame of eight bytes may come before it.
        foreach (var before in (ReadOnlySpan<int>)[2, 11])
        {
            if (start.Length >= before + Number.Length && start[before..].StartsWith(Number) && (before == 2 || start[2] == 0x95))
                return before + Number.Length;
        }

        return 0;
    }
}

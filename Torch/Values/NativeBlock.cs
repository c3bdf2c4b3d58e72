using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>Memory outside the managed heap; freed when it is disposed, or when nobody refers to it any longer.</summary>
internal sealed unsafe class NativeBlock : SafeHandle
{
    private const int Alignment = 64;

    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public NativeBlock(int bytes)
        : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment));

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Of the first byte.</summary>
    public nint Address => handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}

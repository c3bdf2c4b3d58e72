namespace Granary.Torch;

/// <summary>
/// Memory for weights that are read from a file: filled once, then kept by the module that <see cref="ScriptModule.Build"/> makes of its
/// tensors, so that no weight is in memory twice. Not thread-safe while being written.
/// </summary>
public sealed unsafe class WeightMemory : IDisposable
{
    private readonly NativeStorage _storage;

    private WeightMemory(NativeStorage storage, long length)
    {
        _storage = storage;
        Length = length;
    }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>Uninitialised memory from libtorch's allocator, aligned to 64 bytes.</summary>
    /// <param name="length">In bytes, from 0 on.</param>
    /// <exception cref="TorchException"><see cref="TorchFailure.OutOfMemory"/>, or <see cref="TorchFailure.Library"/>: no libtorch.</exception>
    public static WeightMemory Allocate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        TorchRuntime.Initialize();
        return new WeightMemory(NativeStorage.Allocate(length), length);
    }

    /// <summary>A part of the bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public Span<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_storage.IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new Span<byte>((void*)(_storage.Data + (nint)offset), length);
    }

    /// <summary>A tensor over a part of the memory; it must not be read after this memory was disposed.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Sizes, outermost first; kept, not copied.</param>
    /// <param name="offset">Of the first element, in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public Tensor View(DType dtype, long[] shape, long offset)
    {
        ObjectDisposedException.ThrowIf(_storage.IsClosed, this);
        var bytes = checked(Tensor.CountElements(shape) * dtype.ElementSize());
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - bytes);
        return new Tensor(dtype, shape, _storage.Data + (nint)offset, new Hold(_storage));
    }

    /// <summary>Gives the memory back, except what a module keeps. Safe to call twice.</summary>
    public void Dispose() => _storage.Dispose();

    /// <summary>Keeps the storage from being collected and tells <see cref="ScriptModule.Build"/> where a tensor lies.</summary>
    internal sealed class Hold(NativeStorage storage) : IDisposable
    {
        /// <summary>The storage of the tensor.</summary>
        public NativeStorage Storage => storage;

        /// <summary>Nothing: the <see cref="WeightMemory"/> ends the life of the storage.</summary>
        public void Dispose()
        {
        }
    }
}

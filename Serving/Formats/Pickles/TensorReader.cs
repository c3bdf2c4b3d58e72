using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Brings the tensors of a file into memory: each storage once, into memory that the module then keeps.</summary>
internal sealed class TensorReader(Stream stream, IPickledFile file) : IDisposable
{
    private const int ChunkBytes = 1 << 26;
    private readonly Dictionary<string, WeightMemory> _storages = [];
    private readonly Dictionary<PickledTensor, Tensor> _tensors = new(ReferenceEqualityComparer.Instance);
    private readonly List<IDisposable> _memory = [];
    private long _stored;
    private long _strided;

    /// <summary>Everything that was read; whoever takes it disposes it.</summary>
    public IReadOnlyList<IDisposable> Memory => _memory;

    /// <summary>The elements of a tensor, row after row; tensors in one storage share its memory.</summary>
    /// <exception cref="PickleException">The storage is missing, too short or in the way of another.</exception>
    public Tensor Read(PickledTensor tensor)
    {
        if (_tensors.TryGetValue(tensor, out var known))
            return known;
        var storage = Storage(tensor.Storage, tensor.DType);
        var element = tensor.DType.ElementSize();
        var read = tensor.IsContiguous ? storage.View(tensor.DType, tensor.Sizes, tensor.Offset * element) : Strided(tensor, storage, element);
        _tensors.Add(tensor, read);
        return read;
    }

    public void Dispose()
    {
        foreach (var memory in _memory)
            memory.Dispose();
        _memory.Clear();
    }

    private Tensor Strided(PickledTensor tensor, WeightMemory storage, int element)
    {
        var bytes = Tensor.CountElements(tensor.Sizes) * element;
        _strided += bytes;
        long last = 0;
        for (var i = 0; i < tensor.Sizes.Length; i++)
            last += Math.Max(tensor.Sizes[i] - 1, 0) * tensor.Strides[i];
        // A stride of 0 repeats elements: a file of a few bytes could ask for all memory.
        if (_strided > stream.Length + PickleLimits.StridedBytes || bytes > int.MaxValue || (last + 1) * element > int.MaxValue)
            throw PickleException.Refused("has tensors that repeat their elements more often than is read");
        var copy = WeightMemory.Allocate(bytes);
        _memory.Add(copy);
        if (bytes > 0)
            StridedCopy.Run(storage.Slice(tensor.Offset * element, (int)((last + 1) * element)), copy.Slice(0, (int)bytes), tensor.Sizes, tensor.Strides, element);
        return copy.View(tensor.DType, tensor.Sizes, 0);
    }

    private WeightMemory Storage(PickledStorage storage, DType dtype)
    {
        if (_storages.TryGetValue(storage.Key, out var known))
            return known;
        var start = file.Locate(storage);
        _stored += storage.Bytes;
        // Members of a zip file may overlap; then the storages would be larger than the file.
        if (_stored > stream.Length)
            throw PickleException.Damaged("its storages lie in one another");
        var memory = WeightMemory.Allocate(storage.Bytes);
        _memory.Add(memory);
        _storages.Add(storage.Key, memory);
        stream.Position = start;
        for (long at = 0; at < memory.Length; at += ChunkBytes)
        {
            var chunk = memory.Slice(at, (int)Math.Min(ChunkBytes, memory.Length - at));
            if (stream.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) < chunk.Length)
                throw PickleException.Damaged($"it ends in its storage '{PrintableText.Of(storage.Key, 40)}'");
            // libtorch takes a boolean's byte as it is; any other value would behave like neither.
            if (dtype == DType.Bool && chunk.ContainsAnyExceptInRange((byte)0, (byte)1))
                throw PickleException.Damaged("a boolean tensor holds other values than 0 and 1");
        }

        return memory;
    }
}

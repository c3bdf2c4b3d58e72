namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Settings of other backends and of GPU memory.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy")]
public sealed record ModelOptimizationPolicy
{
    /// <summary>TensorFlow only.</summary>
    public OptimizationGraph? Graph { get; init; }

    /// <summary>Priority of the GPU's stream.</summary>
    public OptimizationPriority Priority { get; init; }

    /// <summary>CUDA graphs.</summary>
    public OptimizationCuda? Cuda { get; init; }

    /// <summary>Accelerators of ONNX Runtime and TensorFlow.</summary>
    public ExecutionAccelerators? ExecutionAccelerators { get; init; }

    /// <summary>Page-locked memory for inputs.</summary>
    public PinnedMemoryBuffer? InputPinnedMemory { get; init; }

    /// <summary>Page-locked memory for outputs.</summary>
    public PinnedMemoryBuffer? OutputPinnedMemory { get; init; }

    /// <summary>From how many buffers on a kernel gathers them.</summary>
    public uint GatherKernelBufferThreshold { get; init; }

    /// <summary>Prepare the next batch while one runs.</summary>
    public bool EagerBatching { get; init; }
}

/// <summary>Priority of a stream.</summary>
[ProtoEnum("PRIORITY_")]
public enum OptimizationPriority
{
    /// <summary>The usual.</summary>
    Default = 0,

    /// <summary>The highest.</summary>
    Max = 1,

    /// <summary>The lowest.</summary>
    Min = 2,
}

/// <summary>TensorFlow's graph.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.Graph")]
public sealed record OptimizationGraph
{
    /// <summary>Level.</summary>
    public int Level { get; init; }
}

/// <summary>CUDA graphs.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.Cuda")]
public sealed record OptimizationCuda
{
    /// <summary>Whether they are made.</summary>
    public bool Graphs { get; init; }

    /// <summary>Whether events are polled.</summary>
    public bool BusyWaitEvents { get; init; }

    /// <summary>Which are made.</summary>
    public IReadOnlyList<CudaGraphSpec> GraphSpec { get; init; } = [];

    /// <summary>Whether outputs have a stream of their own.</summary>
    public bool OutputCopyStream { get; init; }
}

/// <summary>One CUDA graph.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.Cuda.GraphSpec")]
public sealed record CudaGraphSpec
{
    /// <summary>Rows.</summary>
    public int BatchSize { get; init; }

    /// <summary>Shapes by input.</summary>
    public IReadOnlyDictionary<string, CudaGraphShape> Input { get; init; } = Empty<CudaGraphShape>.Map;

    /// <summary>The smallest request that it serves.</summary>
    public CudaGraphLowerBound? GraphLowerBound { get; init; }
}

/// <summary>A shape.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape")]
public sealed record CudaGraphShape
{
    /// <summary>Sizes.</summary>
    [JsonText]
    public IReadOnlyList<long> Dim { get; init; } = [];
}

/// <summary>The smallest request of a CUDA graph.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound")]
public sealed record CudaGraphLowerBound
{
    /// <summary>Rows.</summary>
    public int BatchSize { get; init; }

    /// <summary>Shapes by input.</summary>
    public IReadOnlyDictionary<string, CudaGraphShape> Input { get; init; } = Empty<CudaGraphShape>.Map;
}

/// <summary>Accelerators of other backends.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.ExecutionAccelerators")]
public sealed record ExecutionAccelerators
{
    /// <summary>On GPUs.</summary>
    public IReadOnlyList<ExecutionAccelerator> GpuExecutionAccelerator { get; init; } = [];

    /// <summary>On CPUs.</summary>
    public IReadOnlyList<ExecutionAccelerator> CpuExecutionAccelerator { get; init; } = [];
}

/// <summary>One of them.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator")]
public sealed record ExecutionAccelerator
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its settings.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = Empty<string>.Map;
}

/// <summary>Page-locked memory.</summary>
[ProtoMessage("inference.ModelOptimizationPolicy.PinnedMemoryBuffer")]
public sealed record PinnedMemoryBuffer
{
    /// <summary>Whether it is used.</summary>
    public bool Enable { get; init; }
}

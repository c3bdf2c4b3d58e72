using Granary.Torch;

namespace Granary.Ceiling;

/// <summary>A module with one input of a known dtype and shape, warm.</summary>
internal sealed class Model
{
    private readonly ScriptModule _module;
    private readonly long[] _shape;

    public Model(string path, string dtype, long[] shape, bool optimize)
    {
        DType = dtype == "double" ? DType.Float64 : DType.Float32;
        _shape = shape;
        _module = ScriptModule.Load(path, new ModuleOptions { Optimize = optimize });
        for (var call = 0; call < 3; call++)
        {
            using var input = RentInput();
            input.Bytes.Clear();
            Forward(input).Dispose();
        }
    }

    public DType DType { get; }

    public Tensor RentInput() => Tensor.Rent(DType, _shape);

    public ForwardResult Forward(Tensor input) => _module.Invoke("forward", [new Argument(null, input)]);
}

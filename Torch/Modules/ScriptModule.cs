using System.Runtime.CompilerServices;

namespace Granary.Torch;

/// <summary>
/// A TorchScript module in memory, frozen and in inference mode. Thread-safe: <see cref="Invoke"/> may run on many
/// threads at once, and <see cref="Dispose"/> while calls run frees the module after the last of them.
/// </summary>
/// <remarks>A module that writes to its own attributes in <c>forward</c> is only as thread-safe as its code.</remarks>
public sealed unsafe class ScriptModule : IDisposable
{
    private readonly NativeModule _native;
    private readonly MethodSchema[] _methods;
    private readonly int _threads;

    private ScriptModule(NativeModule native, int threads)
    {
        _native = native;
        _threads = threads;
        var tape = new ResultTape(native.Describe());
        Device = tape.ReadString();
        ParameterBytes = tape.Read<long>();
        _methods = new MethodSchema[tape.ReadCount()];
        for (var i = 0; i < _methods.Length; i++)
            _methods[i] = ReadMethod(ref tape);
        var tuples = new NamedTupleSchema[tape.ReadCount()];
        for (var i = 0; i < tuples.Length; i++)
            tuples[i] = new NamedTupleSchema(tape.ReadString(), ReadArguments(ref tape));
        if (tuples.Length > 0)
            _methods = [.. _methods.Select(method => method with { NamedTuples = tuples })];
    }

    /// <summary>The exported methods with their signatures, without <c>self</c>.</summary>
    public IReadOnlyList<MethodSchema> Methods => _methods;

    /// <summary><c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Device { get; }

    /// <summary>Bytes of parameters, buffers and constant tensors; what several share counts once.</summary>
    public long ParameterBytes { get; }

    /// <summary>Reads a TorchScript archive onto a device, switches it to evaluation and freezes it.</summary>
    /// <param name="path">A file that <c>torch.jit.save</c> wrote.</param>
    /// <param name="options">Device, threads and optimisation.</param>
    /// <exception cref="TorchException">
    /// <see cref="TorchFailure.Load"/>: not a TorchScript archive, damaged, or the device is not there;
    /// <see cref="TorchFailure.MissingOperator"/>: made for a newer libtorch; <see cref="TorchFailure.Library"/>: no libtorch.
    /// </exception>
    public static ScriptModule Load(string path, ModuleOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Check(options);
        TorchRuntime.Initialize();
        if (!File.Exists(path))
            throw new TorchException(TorchFailure.Load, $"there is no file '{Path.GetFileName(path)}'");
        return Wrap(NativeModule.Load(path, options.Device, options.Optimize), options);
    }

    /// <summary>Makes a module from a description instead of a file; from then on it is like a loaded one.</summary>
    /// <param name="blueprint">What it is made of; its tensors are needed only until this returns.</param>
    /// <param name="options">Device, threads and optimisation.</param>
    /// <exception cref="TorchException">
    /// <see cref="TorchFailure.Load"/>: the blueprint does not fit itself, its source does not compile, or the device is not there;
    /// <see cref="TorchFailure.Unsupported"/>: a dtype that this libtorch lacks; <see cref="TorchFailure.OutOfMemory"/>;
    /// <see cref="TorchFailure.Library"/>: no libtorch.
    /// </exception>
    public static ScriptModule Build(ModuleBlueprint blueprint, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(blueprint);
        Check(options);
        TorchRuntime.Initialize();
        return Wrap(ModuleBuild.Run(blueprint, options), options);
    }

    /// <summary>
    /// Calls a method and waits for it. Values are converted to the types of its schema; what was left out takes its default.
    /// </summary>
    /// <param name="method">Such as <c>forward</c>.</param>
    /// <param name="arguments">Positional ones first, then named ones; read only until this returns, not disposed.</param>
    /// <param name="deterministic">
    /// The same bits every time, whatever <c>OMP_NUM_THREADS</c> and <see cref="ModuleOptions"/> say: one thread, no
    /// value-changing optimisation. Between machines the processor kind and the libraries may still make a difference.
    /// </param>
    /// <returns>The result; dispose it after reading, its tensors are native memory.</returns>
    /// <exception cref="TorchException">
    /// <see cref="TorchFailure.Arguments"/>: they do not fit the schema; <see cref="TorchFailure.Model"/>: the model raised;
    /// <see cref="TorchFailure.NoMethod"/>, <see cref="TorchFailure.Unsupported"/>, <see cref="TorchFailure.OutOfMemory"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The module was disposed.</exception>
    [SkipLocalsInit]
    public ForwardResult Invoke(string method, ReadOnlySpan<Argument> arguments, bool deterministic = false)
    {
        var index = IndexOf(method);
        var tape = new ArgumentTape(stackalloc byte[512]);
        try
        {
            tape.Write(arguments);
            var result = _native.Invoke(index, deterministic, _threads, tape.Written, out var written);
            return Read(result, written);
        }
        finally
        {
            tape.Dispose();
            // The tape holds bare addresses: the values must outlive the call even if the caller is done with them.
            foreach (ref readonly var argument in arguments)
                GC.KeepAlive(argument.Value);
        }
    }

    /// <summary>Frees the module once no call runs. Safe to call twice.</summary>
    public void Dispose() => _native.Dispose();

    private static void Check(ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.IntraOpThreads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.IntraOpThreads, ModuleOptions.MaxIntraOpThreads);
    }

    private static ScriptModule Wrap(NativeModule native, ModuleOptions options)
    {
        try
        {
            return new ScriptModule(native, options.IntraOpThreads);
        }
        catch
        {
            native.Dispose();
            throw;
        }
    }

    private static ForwardResult Read(NativeResult result, byte* tape)
    {
        try
        {
            return new ForwardResult(new ResultTape(tape).ReadValue(), result);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    private static MethodSchema ReadMethod(ref ResultTape tape)
    {
        var name = tape.ReadString();
        var returnType = tape.ReadString();
        return new MethodSchema(name, ReadArguments(ref tape), returnType);
    }

    private static ArgumentSchema[] ReadArguments(ref ResultTape tape)
    {
        var arguments = new ArgumentSchema[tape.ReadCount()];
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = tape.ReadString();
            var type = tape.ReadString();
            var hasDefault = tape.Read<byte>() != 0;
            var printed = tape.ReadString();
            arguments[i] = new ArgumentSchema(argument, type, hasDefault, hasDefault ? printed : null);
        }

        return arguments;
    }

    private int IndexOf(string method)
    {
        // A handful of methods: comparing beats hashing, and the same string object compares at once.
        for (var i = 0; i < _methods.Length; i++)
        {
            if (_methods[i].Name == method)
                return i;
        }

        var names = string.Join(", ", _methods.Select(known => known.Name));
        throw new TorchException(TorchFailure.NoMethod, $"the model has no method '{method}'; it has {names}");
    }
}

using System.Collections.ObjectModel;
using Granary.Serving.Activations;
using Granary.Torch;

namespace Granary.Serving.Formats.Archives;

/// <summary>A module with files for its handlers.</summary>
internal sealed class ModelWithFiles(ILoadedModel model, IReadOnlyDictionary<string, byte[]> files) : ILoadedModel
{
    private IReadOnlyDictionary<string, byte[]> _files = files;

    /// <inheritdoc/>
    public IReadOnlyList<MethodSchema> Methods => model.Methods;

    /// <inheritdoc/>
    public string Device => model.Device;

    /// <inheritdoc/>
    public string Sha256 => model.Sha256;

    /// <inheritdoc/>
    public long ParameterBytes => model.ParameterBytes;

    /// <inheritdoc/>
    public ForwardResult Invoke(string method, ReadOnlySpan<Argument> arguments, bool deterministic) => model.Invoke(method, arguments, deterministic);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, byte[]> TakeFiles() => Interlocked.Exchange(ref _files, ReadOnlyDictionary<string, byte[]>.Empty);

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();
}

using System.Buffers;
using System.Globalization;
using Granary.Serving.Handlers;
using Granary.Torch;

namespace Granary.Serving.Models;

/// <summary>Checks a definition and reports every fault at once, each naming field, value and rule.</summary>
public static class ModelDefinitionValidator
{
    private const int MaxDescriptionLength = 4096;
    private const int MaxInstances = 1024;
    private const int MaxAnnotations = 64;
    private const int MaxAnnotationLength = 1 << 20;
    private const int MaxLabels = 1_000_000;
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Every fault in the order of the fields; empty when the definition is valid.</summary>
    public static IReadOnlyList<string> Validate(ModelDefinition definition)
    {
        var faults = new List<string>();
        CheckIdentity(definition, faults);
        CheckTensors("Inputs", definition.Inputs, faults);
        CheckTensors("Outputs", definition.Outputs, faults);
        CheckRunning(definition, faults);
        CheckQueues(definition.Batching, faults);
        HandlerRegistry.Check(definition, faults);
        CheckAnnotations(definition.Annotations, faults);
        if (definition.Description is { Length: > MaxDescriptionLength } text)
            faults.Add($"Description has {text.Length:N0} characters; at most {MaxDescriptionLength:N0} are allowed");
        return faults;
    }

    /// <summary>Does nothing when the definition is valid.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/> with every fault.</exception>
    public static void ThrowIfInvalid(ModelDefinition definition)
    {
        var faults = Validate(definition);
        if (faults.Count > 0)
        {
            throw new ServingException(ServingError.InvalidArgument,
                $"the definition of {ModelIdText.Quote(definition.Name + "/" + definition.Version)} is not valid: {string.Join("; ", faults)}");
        }
    }

    private static void CheckIdentity(ModelDefinition definition, List<string> faults)
    {
        if (!ModelNames.IsValid(definition.Name))
            faults.Add($"Name {ModelIdText.Quote(definition.Name)}: 1 to 128 letters, digits or _ - . beginning with a letter or digit");
        if (!ModelVersions.IsValid(definition.Version))
            faults.Add($"Version {ModelIdText.Quote(definition.Version)}: {ModelVersions.Rule}");
        if (ModelIdParser.Fault(definition.Source) is { } fault)
            faults.Add("Source: " + fault);
        if (definition.Sha256 is { } sha && (sha.Length != 64 || sha.AsSpan().ContainsAnyExcept(LowerHex)))
            faults.Add($"Sha256 {ModelIdText.Quote(sha)}: 64 lower-case hex digits");
    }

    private static void CheckTensors(string field, IReadOnlyList<TensorSpec> specs, List<string> faults)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < specs.Count; i++)
        {
            var spec = specs[i];
            if (spec.Name.Length is 0 or > 256)
                faults.Add($"{field}[{i}].Name has {spec.Name.Length} characters; 1 to 256 are allowed");
            else if (!names.Add(spec.Name))
                faults.Add($"{field}[{i}].Name {ModelIdText.Quote(spec.Name)} occurs twice");
            if (!Enum.IsDefined(spec.DType))
                faults.Add($"{field}[{i}].DType {(int)spec.DType} is unknown");
            if (spec.Labels?.Count > MaxLabels)
                faults.Add($"{field}[{i}].Labels has {spec.Labels.Count:N0} entries; at most {MaxLabels:N0} are allowed");
            foreach (var size in spec.Shape)
            {
                if (size < -1)
                    faults.Add($"{field}[{i}].Shape holds {size}; sizes are 0 or more, -1 for any");
            }
        }
    }

    private static void CheckRunning(ModelDefinition definition, List<string> faults)
    {
        if (!IsDevice(definition.Device))
            faults.Add($"Device {ModelIdText.Quote(definition.Device)}: auto, cpu or cuda:N");
        if (definition.Instances is < 0 or > MaxInstances)
            faults.Add($"Instances {definition.Instances}: 0 (as many as cores) to {MaxInstances:N0}");
        if (definition.IntraOpThreads is < 0 or > ModuleOptions.MaxIntraOpThreads)
            faults.Add($"IntraOpThreads {definition.IntraOpThreads}: 0 (as the process) to {ModuleOptions.MaxIntraOpThreads:N0}");
        if (definition.MaxQueueSize < 1)
            faults.Add($"MaxQueueSize {definition.MaxQueueSize}: at least 1");
        if (definition.Batching.MaxBatchSize < 0)
            faults.Add($"Batching.MaxBatchSize {definition.Batching.MaxBatchSize}: 0 (off) or more");
        var delay = definition.Batching.MaxQueueDelay;
        if (delay < TimeSpan.Zero || delay > TimeSpan.FromMinutes(1))
            faults.Add($"Batching.MaxQueueDelay {delay}: 0 to 1 minute");
        if (definition.IdleTimeout is { } idle && idle <= TimeSpan.Zero && idle != Timeout.InfiniteTimeSpan)
            faults.Add($"IdleTimeout {idle}: more than 0, or infinite (-00:00:00.0010000)");
    }

    private static void CheckQueues(BatchingOptions batching, List<string> faults)
    {
        foreach (var size in batching.PreferredSizes)
        {
            if (size < 1 || size > batching.MaxBatchSize)
                faults.Add($"Batching.PreferredSizes holds {size}: 1 to MaxBatchSize ({batching.MaxBatchSize})");
        }

        if (batching.Priorities < 0)
            faults.Add($"Batching.Priorities {batching.Priorities}: 0 (none) or more");
        else if (batching.DefaultPriority < Math.Min(1, batching.Priorities) || batching.DefaultPriority > batching.Priorities)
            faults.Add($"Batching.DefaultPriority {batching.DefaultPriority}: {Math.Min(1, batching.Priorities)} to Priorities ({batching.Priorities})");
        foreach (var priority in batching.PriorityQueues.Keys)
        {
            if (priority < 1 || priority > batching.Priorities)
                faults.Add($"Batching.PriorityQueues has priority {priority}: 1 to Priorities ({batching.Priorities})");
        }

        foreach (var queue in batching.PriorityQueues.Values.Append(batching.Queue))
        {
            if (queue.Timeout < TimeSpan.Zero || queue.MaxQueueSize < 0)
                faults.Add($"Batching has a queue with time-out {queue.Timeout} and size {queue.MaxQueueSize}: 0 or more each");
        }
    }

    private static void CheckAnnotations(IReadOnlyDictionary<string, string> annotations, List<string> faults)
    {
        if (annotations.Count > MaxAnnotations)
            faults.Add($"Annotations has {annotations.Count:N0} entries; at most {MaxAnnotations} are allowed");
        foreach (var (name, value) in annotations)
        {
            if (!ModelNames.IsValid(name))
                faults.Add($"Annotations {ModelIdText.Quote(name)}: 1 to 128 letters, digits or _ - . beginning with a letter or digit");
            if (value.Length > MaxAnnotationLength)
                faults.Add($"Annotations {ModelIdText.Quote(name)} has {value.Length:N0} characters; at most {MaxAnnotationLength:N0} are allowed");
        }
    }

    private static bool IsDevice(string device) => device is "auto" or "cpu"
        || (device.StartsWith("cuda:", StringComparison.Ordinal) && device.Length is 6 or 7
            && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out _));
}

using Granary.Serving.Models;

namespace Granary.Serving.Weights;

/// <summary>
/// Content-addressed files on local disk, shared by all models and processes of a host. A file is downloaded once however many
/// callers want it, verified, and put in place by rename; a broken download resumes.
/// </summary>
public interface IWeightsStore
{
    /// <summary>Makes the file of a model id present and keeps it so until the lease is disposed.</summary>
    /// <param name="id">Which file.</param>
    /// <param name="options">What the definition demands of it.</param>
    /// <param name="cancellation">Ends this caller's wait; the download goes on while others wait.</param>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, <see cref="ServingError.PermissionDenied"/>,
    /// <see cref="ServingError.SourceFailed"/>, <see cref="ServingError.TooLarge"/>.</exception>
    Task<WeightsLease> AcquireAsync(ModelId id, WeightsRequest options, CancellationToken cancellation = default);
}

/// <summary>What a caller demands of a file.</summary>
/// <param name="Sha256">Lower-case hex it must have, or null.</param>
/// <param name="Trusted">The operator named the source: allow-lists and local roots do not apply.</param>
public readonly record struct WeightsRequest(string? Sha256, bool Trusted);

namespace Granary.Torch;

/// <summary>Native objects that are alive; what stays when everything was disposed is a leak.</summary>
/// <param name="Modules">Loaded modules.</param>
/// <param name="Results">Results that were not disposed yet.</param>
/// <param name="Errors">Errors on their way to an exception.</param>
/// <param name="Storages">Weights on their way into a module.</param>
public readonly record struct LiveObjects(long Modules, long Results, long Errors, long Storages = 0)
{
    /// <summary>All of them.</summary>
    public long Total => Modules + Results + Errors + Storages;
}

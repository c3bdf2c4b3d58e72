namespace Granary.Api.Security;

/// <summary>Who may run models.</summary>
public sealed class SecurityOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Granary:Security";

    /// <summary>
    /// The secret that inference callers send as <c>Authorization: Bearer …</c>; an Infernet node does when its
    /// <c>containers[].bearer</c> is set. Printable ASCII, at most 1,024 characters. Default null: everybody may run models.
    /// </summary>
    public string? Bearer { get; set; }
}

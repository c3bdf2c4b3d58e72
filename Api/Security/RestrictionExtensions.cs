using Microsoft.Extensions.Options;

namespace Granary.Api.Security;

/// <summary>Registers what can be restricted.</summary>
internal static class RestrictionExtensions
{
    /// <summary>Reads <see cref="RestrictionOptions"/>.</summary>
    public static IServiceCollection AddRestrictions(this IServiceCollection services)
    {
        services.AddOptions<RestrictionOptions>().BindConfiguration(RestrictionOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RestrictionOptions>, RestrictionOptionsValidator>();
        services.AddSingleton<ApiRestrictions>();
        return services;
    }
}

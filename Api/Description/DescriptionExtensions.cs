namespace Granary.Api.Description;

/// <summary>The OpenAPI document of everything that is mapped.</summary>
public static class DescriptionExtensions
{
    /// <summary>Registers what builds the document.</summary>
    public static IServiceCollection AddApiDescription(this IServiceCollection services)
    {
        services.AddSingleton<DescriptionPage>();
        return services;
    }

    /// <summary>Maps <c>/openapi/v1.json</c>; it needs no key.</summary>
    public static WebApplication MapApiDescription(this WebApplication app)
    {
        app.MapGet("/openapi/v1.json", context => context.RequestServices.GetRequiredService<DescriptionPage>().WriteAsync(context)).WithMetadata(DescriptionPage.Description);
        return app;
    }
}

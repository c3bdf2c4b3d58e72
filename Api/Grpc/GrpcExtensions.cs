using Granary.Api.Grpc.Services;
using Granary.Api.Security;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Api.Grpc;

/// <summary>gRPC services on the service's own HTTP/2.</summary>
internal static class GrpcExtensions
{
    /// <summary>Reads <see cref="GrpcOptions"/> and adds the services that every server has: health and reflection.</summary>
    public static IServiceCollection AddGrpc(this IServiceCollection services)
    {
        services.AddOptions<GrpcOptions>().BindConfiguration(GrpcOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GrpcOptions>, GrpcOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<GrpcDispatcher>();
        services.AddSingleton<ReflectionIndex>();
        services.AddGrpcService<HealthService>();
        services.AddGrpcService<ReflectionService>();
        services.AddGrpcService<ReflectionAlphaService>();
        return services;
    }

    /// <summary>Adds a service; <see cref="MapGrpc"/> maps its methods.</summary>
    public static IServiceCollection AddGrpcService<TService>(this IServiceCollection services)
        where TService : class, IGrpcService => services.AddSingleton<IGrpcService, TService>();

    /// <summary>Maps the methods of every service, unless gRPC is not allowed.</summary>
    public static WebApplication MapGrpc(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.AllowGrpc)
            return app;
        var dispatcher = app.Services.GetRequiredService<GrpcDispatcher>();
        var access = InferenceAccess.Of(app.Services);
        var restrictions = app.Services.GetRequiredService<ApiRestrictions>();
        foreach (var service in app.Services.GetServices<IGrpcService>())
        {
            var builder = new GrpcServiceBuilder(service.Descriptor);
            service.Bind(builder);
            foreach (var method in builder.Methods)
            {
                var call = dispatcher.For(method);
                if (service.NeedsBearer && access is not null)
                    call = Protect(call, access);
                if (service.GroupOf(method.Name) is { } group && restrictions.OfGrpc(group) is { } restriction)
                    call = Restrict(call, restriction);
                foreach (var name in (IEnumerable<string>)[service.Descriptor.FullName, .. service.Aliases])
                    app.MapPost($"/{name}/{method.Name}", call);
            }
        }

        return app;
    }

    // Status and text as Triton's.
    private static RequestDelegate Restrict(RequestDelegate call, ApiRestriction restriction) => context =>
    {
        if (restriction.IsMetBy(context.Request.Headers) || !GrpcRequests.IsCall(context))
            return call(context);
        GrpcRequests.WriteStatus(context, new GrpcFailure(GrpcStatus.Unavailable, $"This protocol is restricted, expecting header '{restriction.Header}'"), trailersOnly: true);
        return Task.CompletedTask;
    };

    private static RequestDelegate Protect(RequestDelegate call, InferenceAccess access) => context =>
    {
        if (access.Admits(context.Request.Headers.Authorization) || !GrpcRequests.IsCall(context))
            return call(context);
        GrpcRequests.WriteStatus(context, new GrpcFailure(GrpcStatus.Unauthenticated, "This service asks for a bearer token; send the metadata 'authorization: Bearer <token>'"), trailersOnly: true);
        return Task.CompletedTask;
    };
}

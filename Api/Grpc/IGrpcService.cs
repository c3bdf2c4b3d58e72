using Granary.Api.Security;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.Grpc;

/// <summary>A service of a .proto file; register it with <see cref="GrpcExtensions.AddGrpcService{TService}"/>.</summary>
internal interface IGrpcService
{
    /// <summary>What the .proto file says of it; reflection and health know the service by this.</summary>
    ServiceDescriptor Descriptor { get; }

    /// <summary>Whether callers must present the bearer token of inference requests, if there is one.</summary>
    bool NeedsBearer => true;

    /// <summary>Further names, with their packages, under which the same methods answer. Default none.</summary>
    IReadOnlyList<string> Aliases => [];

    /// <summary>The group that a method can be restricted with; null when it cannot.</summary>
    /// <param name="method">As in the .proto file, without the service.</param>
    ApiGroup? GroupOf(string method) => null;

    /// <summary>Names a handler for each method; one without a handler is UNIMPLEMENTED.</summary>
    void Bind(GrpcServiceBuilder methods);
}

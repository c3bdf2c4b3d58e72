using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.Api.Hosting;

/// <summary>Kestrel, whose list of addresses leaves out the one that nobody can connect to; see <see cref="Http2Ports"/>.</summary>
internal sealed class AddressedServer : IServer
{
    private static readonly string Hidden = $"http://{Http2EndPoint.Instance}";
    private readonly IServer _kestrel;
    private readonly ServerAddressesFeature _addresses = new();

    public AddressedServer(IServer kestrel)
    {
        _kestrel = kestrel;
        Features = new FeatureCollection(kestrel.Features);
        Features.Set<IServerAddressesFeature>(_addresses);
    }

    public IFeatureCollection Features { get; }

    /// <summary>Puts this in front of the server that is registered.</summary>
    public static void Decorate(IServiceCollection services)
    {
        var kestrel = services.Last(service => service.ServiceType == typeof(IServer));
        services.Remove(kestrel);
        services.AddSingleton<IServer>(provider => new AddressedServer((IServer)ActivatorUtilities.CreateInstance(provider, kestrel.ImplementationType!)));
    }

    public async Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        await _kestrel.StartAsync(application, cancellationToken);
        _addresses.Addresses.Clear();
        foreach (var address in _kestrel.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses)
        {
            if (address != Hidden)
                _addresses.Addresses.Add(address);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _kestrel.StopAsync(cancellationToken);

    public void Dispose() => _kestrel.Dispose();
}

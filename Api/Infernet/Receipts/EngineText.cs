using System.Security.Cryptography;
using System.Text;

namespace Granary.Api.Infernet.Receipts;

/// <summary>The versions in a receipt, with the hash that is signed: SHA-256 of <c>server \n engine</c> in UTF-8.</summary>
internal sealed class EngineText(string server, string engine)
{
    /// <summary>Such as <c>Granary 1.0.0</c>.</summary>
    public string Server => server;

    /// <summary>See <see cref="Serving.Clusters.ModelProvenance.Engine"/>.</summary>
    public string Engine => engine;

    /// <summary>32 bytes.</summary>
    public byte[] Hash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes($"{server}\n{engine}"));
}

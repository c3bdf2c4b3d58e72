using Granary.Grains.Interfaces.Contracts;
using Orleans.Concurrency;

namespace Granary.Grains.Interfaces;

/// <summary>
/// Where silos tell each other what they have; there is one, with key <see cref="Key"/>. It keeps nothing in storage: when its
/// silo dies it comes back empty elsewhere and is full again after one report of every silo.
/// </summary>
[Alias("granary.ISiloBoardGrain")]
public interface ISiloBoardGrain : IGrainWithStringKey
{
    /// <summary>The key of the only board.</summary>
    const string Key = "board";

    /// <summary>Replaces the silo's own report and returns everybody's.</summary>
    [AlwaysInterleave]
    [Alias("Report")]
    Task<SiloBoard> ReportAsync(SiloReport report);

    /// <summary>Takes a silo's report away when it leaves.</summary>
    [AlwaysInterleave]
    [Alias("Withdraw")]
    Task WithdrawAsync(string silo);

    /// <summary>Everybody's reports.</summary>
    [AlwaysInterleave]
    [Alias("Get")]
    Task<SiloBoard> GetAsync();
}

using Granary.Serving.Formats.Triton.Repository;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

public sealed class RepositoryPollerTests
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    private static async Task<(RepositoryBed Bed, RepositoryPoller Poller)> StartAsync()
    {
        var bed = new RepositoryBed(options => options.ControlMode = ModelControlMode.Poll);
        bed.Model("a", "one");
        var poller = new RepositoryPoller(bed.Manager, bed.Options, bed.Clock);
        await poller.BeginAsync(default);
        await bed.Manager.StartAsync(default);
        return (bed, poller);
    }

    [Fact]
    public async Task RoundAsync_NothingChanged_DoesNothing()
    {
        var (bed, poller) = await StartAsync();
        await using var _ = bed;

        Assert.Equal(bed.Options.PollInterval, await poller.RoundAsync(default));

        Assert.Equal(1, bed.Loader.Loads);
    }

    [Fact]
    public async Task RoundAsync_NewModel_IsLoadedOnceItSettled()
    {
        var (bed, poller) = await StartAsync();
        await using var _ = bed;
        bed.Model("b", "one");

        Assert.Equal(Settle, await poller.RoundAsync(default));
        Assert.Equal("a 1 Ready;b", await bed.IndexAsync());
        bed.Clock.Advance(Settle);
        Assert.Equal(bed.Options.PollInterval, await poller.RoundAsync(default));

        Assert.Equal("a 1 Ready;b 1 Ready", await bed.IndexAsync());
    }

    [Fact]
    public async Task RoundAsync_FileThatGrows_IsNotLoadedUntilItStops()
    {
        var (bed, poller) = await StartAsync();
        await using var _ = bed;
        for (var i = 0; i < 5; i++)
        {
            bed.Write("b/1/model.pt", "bad" + new string('x', i));
            Assert.Equal(Settle, await poller.RoundAsync(default));
            bed.Clock.Advance(Settle);
        }

        bed.Write("b/1/model.pt", "one");
        await poller.RoundAsync(default);
        Assert.Equal(1, bed.Loader.Loads);
        bed.Clock.Advance(Settle);
        await poller.RoundAsync(default);

        Assert.Equal("a 1 Ready;b 1 Ready", await bed.IndexAsync());
    }

    [Fact]
    public async Task RoundAsync_LookedAtAgainTooSoon_StillWaits()
    {
        var (bed, poller) = await StartAsync();
        await using var _ = bed;
        bed.Model("b", "one");

        await poller.RoundAsync(default);
        bed.Clock.Advance(Settle - TimeSpan.FromTicks(1));
        Assert.Equal(Settle, await poller.RoundAsync(default));

        Assert.Equal(1, bed.Loader.Loads);
    }

    [Fact]
    public async Task RoundAsync_RemovedModel_IsUnloadedAndForgotten()
    {
        var (bed, poller) = await StartAsync();
        await using var _ = bed;
        Directory.Delete(Path.Combine(bed.Root, "a"), recursive: true);

        await poller.RoundAsync(default);
        Assert.Equal("a 1 Ready", await bed.IndexAsync());
        bed.Clock.Advance(Settle);
        await poller.RoundAsync(default);

        Assert.Equal("", await bed.IndexAsync());
        Assert.Empty(await bed.Catalog.ListAsync());
    }

    [Fact]
    public async Task RoundAsync_ChangeThatFails_IsNotTriedAgainUntilItChanges()
    {
        var (bed, poller) = await StartAsync();
        await using var _ = bed;
        bed.Write("a/1/model.pt", "bad");
        for (var i = 0; i < 5; i++)
        {
            await poller.RoundAsync(default);
            bed.Clock.Advance(Settle);
        }

        Assert.Equal(2, bed.Loader.Loads);
        Assert.Equal("a 1 Ready", await bed.IndexAsync());
        bed.Write("a/1/model.pt", "one again");
        await poller.RoundAsync(default);
        bed.Clock.Advance(Settle);
        await poller.RoundAsync(default);
        Assert.Equal("2,4", await bed.InferAsync("a", "1"));
        Assert.Equal(4, bed.Loader.Loads);
    }

    [Fact]
    public async Task RoundAsync_RepositoryThatCannotBeRead_UnloadsNothing()
    {
        var (bed, poller) = await StartAsync();
        await using var _ = bed;
        Directory.Move(bed.Root, bed.Root + "-away");
        for (var i = 0; i < 3; i++)
        {
            await poller.RoundAsync(default);
            bed.Clock.Advance(Settle);
        }

        Assert.Equal("a 1 Ready", await bed.IndexAsync());
        Directory.Move(bed.Root + "-away", bed.Root);
    }
}

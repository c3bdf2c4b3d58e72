using Granary.Serving;
using Granary.Serving.Embeddings.Remote;
using Granary.Serving.Embeddings.Store;

namespace Granary.Api.Tests.Persia;

public sealed class RemoteRowsTests
{
    private const string Answer = "01040000000000003f000000bf0000803f00000040";
    private static readonly RemoteRowsOptions Options = new();

    [Fact]
    public async Task Lookup_OnThreeServers_GivesWhatTheTablesHoldTogether()
    {
        var random = new Random(5);
        var all = new FakeTables();
        for (var i = 0; i < 2000; i++)
            all.Entries[(ulong)random.NextInt64(3000)] = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.NextSingle())];
        var parts = Enumerable.Range(0, 3).Select(_ => new FakeTables()).ToArray();
        foreach (var (sign, row) in all.Entries)
            parts[FakeTables.Hash(sign) % 3].Entries[sign] = row;
        var servers = await PersiaServer.StartAllAsync(parts);
        using var rows = new RemoteRows([.. servers.Select(static server => server.Address)]);
        await rows.WaitUntilReadyAsync(default);
        Assert.True(rows.IsReady);

        var asked = 0;
        for (var round = 0; round < 60; round++)
        {
            var groups = Enumerable.Range(0, random.Next(0, 6)).Select(_ => Group(random, 3000)).ToArray();
            await rows.LookupAsync(groups, default);
            foreach (var group in groups)
            {
                asked += group.Signs.Length;
                for (var i = 0; i < group.Signs.Length; i++)
                    Assert.Equal(all.Row(group.Signs.Span[i], group.Dim), group.Rows.Slice(i * group.Dim, group.Dim).ToArray());
            }
        }

        Assert.True(asked > 1000);
        // One call a server and batch, however many groups.
        Assert.All(parts, static part => Assert.InRange(part.Lookups, 1, 60));
        foreach (var server in servers)
            await server.DisposeAsync();
    }

    [Fact]
    public async Task Lookup_ByManyAtOnce_EachGetsItsOwnRows()
    {
        var tables = new FakeTables();
        for (ulong sign = 0; sign < 500; sign++)
            tables.Entries[sign] = [sign, sign + 0.5f];
        await using var server = await PersiaServer.StartAsync(tables);
        using var rows = new RemoteRows([server.Address]);
        await rows.WaitUntilReadyAsync(default);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async seed =>
        {
            var random = new Random(seed);
            var group = Group(random, 600) with { Dim = 2 };
            group = group with { Rows = new float[group.Signs.Length * 2] };
            await rows.LookupAsync(new[] { group }, default);
            Assert.Equal(group.Signs.ToArray().SelectMany(sign => tables.Row(sign, 2)), group.Rows.ToArray());
        }));
    }

    [Fact]
    public async Task Check_ServersInTheWrongOrder_NeverReadyAndSaysWhich()
    {
        var servers = await PersiaServer.StartAllAsync(new FakeTables(), new FakeTables());
        var time = new PolledTime(Options.PollInterval);
        using var stop = new CancellationTokenSource();
        using var rows = new RemoteRows([servers[1].Address, servers[0].Address], Options, time);
        var waiting = rows.WaitUntilReadyAsync(stop.Token);
        await time.StepAsync();
        var message = $"embedding server '{servers[1].Address}' has replica index 1 and stands at place 0 of the servers";
        Assert.StartsWith(message, rows.Reason);
        Assert.False(rows.IsReady);
        var error = await Assert.ThrowsAsync<ServingException>(async () => await rows.LookupAsync(default, default));
        Assert.Equal(ServingError.Unavailable, error.Error);
        Assert.StartsWith(message, error.Message);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        foreach (var server in servers)
            await server.DisposeAsync();
    }

    [Fact]
    public async Task Check_AServerThatLoads_IsAskedEverySecondUntilItIsReady()
    {
        var tables = FakeTables.OfTheVectors();
        tables.Reason = "loading";
        await using var server = await PersiaServer.StartAsync(tables);
        var time = new PolledTime(TimeSpan.FromSeconds(1));
        using var rows = new RemoteRows([server.Address], null, time);
        var waiting = rows.WaitUntilReadyAsync(default);
        for (var i = 0; i < 3; i++)
        {
            await time.StepAsync();
            Assert.Equal($"embedding server '{server.Address}' is not ready", rows.Reason);
        }

        tables.Reason = null;
        // The check that runs now may see it already; then nobody waits again.
        await Task.WhenAny(waiting, time.StepAsync());
        await waiting;
        Assert.True(rows.IsReady);
        Assert.Null(rows.Reason);
    }

    [Fact]
    public async Task Lookup_OneServerDown_IsUnavailableAndNamesIt()
    {
        var servers = await PersiaServer.StartAllAsync(new FakeTables(), new FakeTables(), new FakeTables());
        using var rows = new RemoteRows([.. servers.Select(static server => server.Address)]);
        await rows.WaitUntilReadyAsync(default);
        var address = servers[1].Address;
        await servers[1].DisposeAsync();
        var group = new RowGroup(Enumerable.Range(0, 100).Select(static i => (ulong)i).ToArray(), 1, new float[100]);
        var error = await Assert.ThrowsAsync<ServingException>(async () => await rows.LookupAsync(new[] { group }, default));
        Assert.Equal(ServingError.Unavailable, error.Error);
        Assert.Contains($"'{address}'", error.Message);
        await servers[0].DisposeAsync();
        await servers[2].DisposeAsync();
    }

    [Fact]
    public async Task Check_NobodyListens_SaysSo()
    {
        var gone = new RawServer();
        var address = gone.Address;
        gone.Dispose();
        using var stop = new CancellationTokenSource();
        var time = new PolledTime(Options.PollInterval);
        using var rows = new RemoteRows([address], Options, time);
        var waiting = rows.WaitUntilReadyAsync(stop.Token);
        await time.StepAsync();
        Assert.Equal($"embedding server '{address}' cannot be reached (ConnectionError)", rows.Reason);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Lookup_AnswersCutOffAnywhere_AreSourceFailed()
    {
        var whole = Convert.FromHexString(Answer);
        using var server = new RawServer();
        using var rows = await ReadyAsync(server);
        for (var length = 0; length < whole.Length; length++)
        {
            // A shorter answer, and one that breaks off.
            server.Answer = _ => RawServer.Http(whole.AsSpan(0, length));
            await FailsAsync(rows, ServingError.SourceFailed, server.Address);
            server.Answer = _ => RawServer.Http(whole.AsSpan(0, length), whole.Length);
            await FailsAsync(rows, ServingError.SourceFailed, server.Address);
        }

        server.Answer = _ => RawServer.Http(whole);
        Assert.Equal<float[]>([0.5f, -0.5f, 1, 2], await LookupAsync(rows));
    }

    [Theory]
    [InlineData("00", "refuses")]
    [InlineData("00000000000500000068656c6c6f68656c6c6f68656c6c6f68656c6c6f", "refuses")]
    [InlineData("02040000000000003f000000bf0000803f00000040", "a flag is 2")]
    [InlineData("01030000000000003f000000bf0000803f00000040", "3 numbers came and 4 were asked for")]
    [InlineData("01050000000000003f000000bf0000803f00000040", "5 items")]
    [InlineData("01ffffffff00003f000000bf0000803f0000004000", "4294967295 items")]
    [InlineData(Answer + "00", "more than the 21 bytes")]
    public async Task Lookup_AnotherAnswer_IsSourceFailed(string hex, string message)
    {
        using var server = new RawServer { Answer = _ => RawServer.Http(Convert.FromHexString(hex)) };
        using var rows = await ReadyAsync(server);
        Assert.Contains(message, await FailsAsync(rows, ServingError.SourceFailed, server.Address));
    }

    [Theory]
    [InlineData("500 Internal Server Error", "500")]
    [InlineData("404 Not Found", "404")]
    [InlineData("301 Moved Permanently", "301")]
    public async Task Lookup_AnotherStatus_IsSourceFailed(string status, string message)
    {
        using var server = new RawServer { Answer = _ => RawServer.Http("some text"u8, null, status) };
        using var rows = await ReadyAsync(server);
        Assert.Contains($"with status {message}", await FailsAsync(rows, ServingError.SourceFailed, server.Address));
    }

    [Fact]
    public async Task Lookup_TheConnectionBreaksOnce_IsAskedAgain()
    {
        using var server = new RawServer { Answer = static number => number == 1 ? null : RawServer.Http(Convert.FromHexString(Answer)) };
        using var rows = await ReadyAsync(server);
        Assert.Equal<float[]>([0.5f, -0.5f, 1, 2], await LookupAsync(rows));
        Assert.Equal(2, server.Lookups);
    }

    [Fact]
    public async Task Lookup_TheConnectionBreaksAgain_IsUnavailable()
    {
        using var server = new RawServer { Answer = static _ => null };
        using var rows = await ReadyAsync(server);
        await FailsAsync(rows, ServingError.Unavailable, server.Address);
        Assert.Equal(2, server.Lookups);
    }

    [Fact]
    public async Task Lookup_NoAnswer_EndsAfterTheTimeout()
    {
        using var server = new RawServer { Answer = static _ => [] };
        var time = new PolledTime(Options.Timeout);
        using var rows = new RemoteRows([server.Address], Options, time);
        await rows.WaitUntilReadyAsync(default);
        // The timer of the check, which is over.
        await time.StepAsync();
        var lookup = FailsAsync(rows, ServingError.Unavailable, server.Address);
        await server.Asked.Task;
        await time.StepAsync();
        Assert.Contains("did not answer within 10 s", await lookup);
    }

    [Fact]
    public async Task Lookup_TheCallerGoesAway_IsCancelled()
    {
        using var server = new RawServer { Answer = static _ => [] };
        using var rows = await ReadyAsync(server);
        using var stop = new CancellationTokenSource();
        var lookup = LookupAsync(rows, stop.Token);
        await server.Asked.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lookup);
    }

    [Fact]
    public async Task Lookup_OneOfTwoFails_TheOtherIsNotWaitedFor()
    {
        using var silent = new RawServer { Answer = static _ => [] };
        var failing = await PersiaServer.StartAsync(new FakeTables(), "--Granary:Embeddings:ReplicaIndex=1");
        // Time that never passes: waiting for the silent one would not end.
        using var rows = new RemoteRows([silent.Address, failing.Address], null, new PolledTime(TimeSpan.Zero));
        await rows.WaitUntilReadyAsync(default);
        var address = failing.Address;
        await failing.DisposeAsync();
        var group = new RowGroup(Enumerable.Range(0, 100).Select(static i => (ulong)i).ToArray(), 1, new float[100]);
        var error = await Assert.ThrowsAsync<ServingException>(async () => await rows.LookupAsync(new[] { group }, default));
        Assert.Contains($"'{address}'", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("host:port")]
    [InlineData("http://host:1")]
    [InlineData("host:1/path")]
    [InlineData("user@host:1")]
    [InlineData("host:1?a")]
    [InlineData("host:70000")]
    public void Create_NoAddress_IsInvalid(string address)
    {
        var error = Assert.Throws<ServingException>(() => new RemoteRows(["localhost:1", address]));
        Assert.Equal(ServingError.InvalidArgument, error.Error);
        Assert.Contains($"'{address}'", error.Message);
    }

    [Fact]
    public void Create_NoServers_IsInvalid() => Assert.Equal(ServingError.InvalidArgument, Assert.Throws<ServingException>(() => new RemoteRows([])).Error);

    private static RowGroup Group(Random random, long signs)
    {
        var count = random.Next(0, 80);
        var dim = random.Next(1, 5);
        return new RowGroup(Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(signs)).ToArray(), dim, new float[count * dim]);
    }

    private static async Task<RemoteRows> ReadyAsync(RawServer server)
    {
        var rows = new RemoteRows([server.Address]);
        await rows.WaitUntilReadyAsync(default);
        return rows;
    }

    private static async Task<float[]> LookupAsync(RemoteRows rows, CancellationToken cancellation = default)
    {
        var numbers = new float[4];
        await rows.LookupAsync(new RowGroup[] { new(new ulong[] { 7, 9 }, 2, numbers) }, cancellation);
        return numbers;
    }

    private static async Task<string> FailsAsync(RemoteRows rows, ServingError expected, string address)
    {
        var error = await Assert.ThrowsAsync<ServingException>(() => LookupAsync(rows));
        Assert.Equal(expected, error.Error);
        Assert.Contains($"embedding server '{address}'", error.Message);
        return error.Message;
    }
}

using System.Numerics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>Whatever a contract encodes, the answer is a success or the JSON error of a node: never a crash and never a large buffer.</summary>
public class HostileTests
{
    private static readonly string[] Requests = ["E2", "E4", "E8", "E9", "E11"];
    private static readonly BigInteger Huge = (BigInteger.One << 256) - 1;

    [Theory]
    [InlineData("E2")]
    [InlineData("E4")]
    [InlineData("E8")]
    [InlineData("E9")]
    [InlineData("E11")]
    public async Task ServiceOutput_EveryTruncation_AnswersTheJsonError(string name)
    {
        var data = Examples.Get(name);
        await using var server = await ApiServer.StartAsync();
        for (var length = 0; length < data.Length; length++)
        {
            using var response = await server.PostAsync(Abi.Body(data[..length]));
            await ErrorAssert.IsErrorAsync(response, 400);
        }

        Assert.Empty(server.Cluster.Calls);
        Assert.Equal(200, (await server.AskAsync(Abi.Body(data))).Status);
    }

    /// <summary>Each word is replaced by numbers that offsets, lengths, sizes and dtypes must not have.</summary>
    [Fact]
    public async Task ServiceOutput_EveryWordReplaced_AnswersSuccessOrTheJsonError()
    {
        BigInteger[] replacements = [0, 1, 2, 3, 31, 32, 33, 64, 96, 128, 255, 256, 1000, 65535, 65536, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue, (BigInteger)long.MaxValue + 1, int.MaxValue - 31, long.MaxValue - 31, Huge - 31, Huge, Huge >> 1, BigInteger.One << 64];
        await using var server = await ApiServer.StartAsync();
        foreach (var name in Requests)
        {
            for (var word = 0; word < Examples.Get(name).Length / 32; word++)
            {
                foreach (var replacement in replacements)
                {
                    var data = Examples.Get(name);
                    replacement.ToByteArray(isUnsigned: true, isBigEndian: true).Reverse().Concat(new byte[32]).Take(32).Reverse().ToArray().CopyTo(data, word * 32);
                    await AssertAnsweredAsync(server, Abi.Body(data));
                }
            }
        }
    }

    [Fact]
    public async Task ServiceOutput_MutatedBytes_AnswersSuccessOrTheJsonError()
    {
        await using var server = await ApiServer.StartAsync();
        var mutations = (from position in Gen.Choose(0, 5000) from value in Gen.Elements<byte>(0, 1, 2, 0x20, 0x40, 0x7F, 0x80, 0xFF) select (position, value)).ListOf();
        var cases = from name in Gen.Elements(Requests) from changes in mutations from cut in Gen.Choose(0, 40) select (name, changes, cut);
        await Task.Run(() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(Arb.From(cases), c =>
        {
            var data = Examples.Get(c.name);
            foreach (var (position, value) in c.changes.Take(4))
                data[position % data.Length] = value;
            AssertAnsweredAsync(server, Abi.Body(c.cut < 10 ? data[..^c.cut] : data)).GetAwaiter().GetResult();
        })));
    }

    [Fact]
    public async Task ServiceOutput_RandomBytes_AnswersTheJsonError()
    {
        var random = new Random(3);
        await using var server = await ApiServer.StartAsync();
        for (var i = 0; i < 1000; i++)
        {
            var data = new byte[random.Next(0, 400)];
            random.NextBytes(data);
            using var response = await server.PostAsync(Abi.Body(data));
            await ErrorAssert.IsErrorAsync(response, 400);
        }

        Assert.Empty(server.Cluster.Calls);
    }

    [Fact]
    public async Task ServiceOutput_WrongFields_SaysWhichAndWhere()
    {
        var vector = Examples.Get("E1");
        (byte[] Data, string Part)[] cases =
        [
            (Abi.Tuple(3, "a/b", "c", "", vector), "Invalid ModelSource: 3"),
            (Abi.Tuple(0, "a/b", "c", "", vector), "Invalid ModelSource: 0"),
            (Abi.Tuple(2, "a/b", "", "", vector), "'filename'"),
            (Abi.Tuple(2, "", "c", "", vector), "'repo_id'"),
            (Abi.Tuple(2, "", "", "v1", vector), "'repo_id'"),
            (Abi.Tuple(2, "a", "c", "", vector), "expected owner/name"),
            (Abi.Tuple(2, "../..", "c", "", vector), "the owner is '..'"),
            (Abi.Tuple(2, "a/b", "../../etc/passwd", "", vector), "holds the segment '..'"),
            (Abi.Tuple(2, "a/b", "c:d", "", vector), "model id"),
            (Abi.Tuple(2, "a/b", "c,d", "", vector), "separator"),
            (Abi.Tuple(1, "a/b", "c", "x/y", vector), "the version holds '/'"),
            (Abi.Tuple(1, "a/b\0c", "d", "", vector), "U+0000"),
            (Abi.Tuple(1, new string('a', 5000) + "/b", "d", "", vector), "repo_id at byte 192: the text has 5002 bytes"),
            (Abi.Tuple(1, new byte[] { 0xC3, 0x28 }, "d", "", vector), "not UTF-8"),
            (Abi.Request1([]), "vector.dtype at byte 288: 32 bytes are needed, the data ends at byte 288"),
            (Abi.Request1(Abi.Vector1(12, [1], [1])), "vector.dtype 12 is unknown; expected 0 to 11"),
            (Abi.Request1(Abi.Vector1(256, [1], [1])), "0x100 is no uint8"),
            (Abi.Request1(Abi.Vector1(0, [1], [BigInteger.One << 32])), "vector.values[0] at byte 480: 0x100000000 is no uint32"),
            (Abi.Request1(Abi.Vector1(1, [2], [1, -1])), "vector.values[1] at byte 512"),
            (Abi.Request1(Abi.Vector1(4, [1], [65536])), "no uint16"),
            (Abi.Request1(Abi.Vector1(5, [1], [65536])), "no uint16"),
            (Abi.Request1(Abi.Vector1(3, [1], [BigInteger.One << 128])), "no uint128"),
            (Abi.Request1(Abi.Vector1(7, [1], [128])), "no int8"),
            (Abi.Request1(Abi.Vector1(7, [1], [255])), "no int8"),
            (Abi.Request1(Abi.Vector1(10, [1], [BigInteger.One << 63])), "no int64"),
            (Abi.Request1(Abi.Vector1(11, [1], [2])), "no bool"),
            (Abi.Request1(Abi.Vector1(11, [1], [-1])), "no bool"),
            (Abi.Request1(Abi.Vector1(6, [2, 3], [1, 2, 3, 4, 5])), "vector.shape at byte 416: shape [2,3] does not fit the 5 values"),
            (Abi.Request1(Abi.Vector1(6, [], [])), "shape [] does not fit the 0 values"),
            (Abi.Request1(Abi.Vector1(6, [65535, 65535, 65535, 65535, 65535], [1])), "does not fit the 1 values"),
            (Abi.Request1(Abi.Vector1(6, [65536], [])), "vector.shape[0]"),
            (Abi.Request1(Abi.Vector1(6, [-1], [])), "is no uint16"),
            (Abi.Request1(Abi.Vector1(6, Enumerable.Repeat(1L, 65), [1])), "65 sizes; at most 64"),
            (Abi.Request2(Abi.Vector2(2, 18, 1, [1], [1])), "vector.arithmetic at byte 128: 2 is neither 0 (ieee) nor 1 (fixed_point)"),
            (Abi.Request2(Abi.Vector2(0, 256, 1, [1], [1])), "vector.fixed_point_scale"),
            (Abi.Request2(Abi.Vector2(0, 18, 16, [1], [1])), "vector.dtype 16 is unknown; expected 0 to 15"),
            (Abi.Request2(Abi.Vector2(1, 18, 16, [1], [1])), "vector.dtype 16 is unknown"),
            (Abi.Request2(Abi.Vector2(0, 18, 2, [1], [0xC05E8EB851EB851F])), "0xc05e8eb851eb851f is no int64"),
            (Abi.Request2(Abi.Vector2(0, 18, 3, [1], [BigInteger.One << 64])), "no binary64 in an int64"),
            (Abi.Request2(Abi.Vector2(1, 18, 3, [1], [BigInteger.One << 127])), "no int128"),
            (Abi.Request2(Abi.Vector2(1, 18, 0, [1], [32768])), "no int16"),
            (Abi.Request2(Abi.Vector2(1, 18, 13, [1], [-1])), "no uint64"),
            (Abi.Request2(Examples.Get("E6b"), 2), "output_arithmetic at byte 64: 2 is neither"),
            (Abi.Request2(Examples.Get("E6b"), 0, 256), "output_num_decimals at byte 96: 0x100 is no uint8"),
            (Abi.Tuple(new byte[32], Examples.Get("E6b")), "model_id.files at byte 128"),
            (Abi.Tuple(Abi.ModelId(3, "a", "b", "", "c"), Examples.Get("E6b")), "3 is neither 0 (local), 1 (arweave) nor 2 (huggingface)"),
            (Abi.Tuple(Abi.ModelId(2, "a/b", "c", "", "d"), Examples.Get("E6b")), "separators"),
            (Abi.Tuple(Abi.ModelId(2, "a", "b", "", ""), Examples.Get("E6b")), "model id"),
            (Abi.Tuple(Abi.ModelId(2, "a", "b", "", "ok,../x"), Examples.Get("E6b")), "'..'"),
            (Abi.Tuple(Abi.ModelId(1, "a", "b:c", "", "d"), Examples.Get("E6b")), "model id"),
            (Abi.Word(0xA0), "begins with 0xa0"),
            (Abi.Word(-1), "begins with 0xffff"),
            ([.. Abi.Word(32), .. Abi.Word(1)], "values at byte 64: 32 bytes are needed, the data ends at byte 64"),
            ([.. Abi.Word(32), .. Abi.Word(Huge >> 1)], "the length"),
            ([.. Abi.Word(0), .. Abi.Word(Huge >> 1)], "repo_id at byte 32: the offset 0x7fff"),
        ];
        await using var server = await ApiServer.StartAsync();
        foreach (var (data, part) in cases)
        {
            using var response = await server.PostAsync(Abi.Body(data));
            var body = await response.Content.ReadAsStringAsync();
            Assert.True((int)response.StatusCode == 400, $"'{part}' was expected, got {body}");
            var description = await ErrorAssert.IsErrorAsync(response, 400);
            Assert.True(description.Contains(part, StringComparison.Ordinal), $"expected '{part}' in '{description}'");
        }

        Assert.Empty(server.Cluster.Calls);
    }

    [Fact]
    public async Task ServiceOutput_PaddingThatIsNotZero_IsRefused()
    {
        await using var server = await ApiServer.StartAsync();
        var data = Examples.Get("E2");
        // The last byte of "v1" and its padding.
        data[0x15F] = 1;
        using var response = await server.PostAsync(Abi.Body(data));
        Assert.Contains("version at byte 322: the padding is not zero", await ErrorAssert.IsErrorAsync(response, 400));
    }

    /// <summary>Two fields may share a tail: one run of words read twice, as eth_abi reads it.</summary>
    [Fact]
    public async Task ServiceOutput_OverlappingTails_AreReadAsTheyStand()
    {
        await using var server = await ApiServer.StartAsync();
        // uint8[] values [1] at the place of uint16[] shape [1].
        byte[] vector = [.. Abi.Word(6), .. Abi.Word(96), .. Abi.Word(96), .. Abi.Word(1), .. Abi.Word(1)];
        var (status, body) = await server.AskAsync(Abi.Body(Abi.Request1(vector), destination: 1));
        Assert.Equal((200, """{"dtype":"uint8","shape":[1],"values":[1]}"""), (status, body));
    }

    [Fact]
    public async Task ServiceOutput_SelfPointingOffsets_AreRefusedOrRead()
    {
        await using var server = await ApiServer.StartAsync();
        for (var offset = 0; offset <= 320; offset += 16)
        {
            var head = Enumerable.Repeat((BigInteger)offset, 12).SelectMany(Abi.Word);
            foreach (var first in new[] { 0, 1, 2, 32, 64, 96, 128 })
                await AssertAnsweredAsync(server, Abi.Body([.. Abi.Word(first), .. head]));
        }
    }

    private static async Task AssertAnsweredAsync(ApiServer server, string body)
    {
        using var response = await server.PostAsync(Encoding.UTF8.GetBytes(body));
        if ((int)response.StatusCode != 200)
            await ErrorAssert.IsErrorAsync(response, 400);
    }
}

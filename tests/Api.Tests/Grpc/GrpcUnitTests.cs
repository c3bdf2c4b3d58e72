using FsCheck;
using FsCheck.Fluent;
using Granary.Api.Grpc;
using Granary.Api.Tests.Grpc.Protos;
using Granary.Api.Tests.Support;
using Granary.Serving;
using Microsoft.AspNetCore.Http;

namespace Granary.Api.Tests.Grpc;

/// <summary>The small parts of the transport by themselves.</summary>
public class GrpcUnitTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain text ~!", "plain text ~!")]
    [InlineData("100 %", "100 %25")]
    [InlineData("größe", "gr%C3%B6%C3%9Fe")]
    [InlineData("a\nb\0\u007f", "a%0Ab%00%7F")]
    [InlineData("🦀", "%F0%9F%A6%80")]
    public void MessageText_OfAnything_IsPercentEncodedUtf8(string text, string encoded) => Assert.Equal(encoded, GrpcMessageText.Encode(text));

    [Fact]
    public void MessageText_NoUnicode_BecomesTheReplacementCharacter() => Assert.Equal("a%EF%BF%BDb", GrpcMessageText.Encode("a\ud800b"));

    [Fact]
    public void MessageText_VeryLong_EndsAtAWholeCharacter()
    {
        var encoded = GrpcMessageText.Encode(new string('x', GrpcMessageText.MaxLength - 5) + "ß" + new string('y', 9000));

        Assert.Equal(new string('x', GrpcMessageText.MaxLength - 5), encoded);
        Assert.Equal(GrpcMessageText.MaxLength, GrpcMessageText.Encode(new string('x', 9000)).Length);
    }

    [Fact]
    public void MessageText_AnyShortText_IsWhatDecodersRead() => Prop.ForAll<NonNull<string>>(text =>
    {
        // What is no Unicode becomes U+FFFD.
        var whole = string.Concat(text.Get.EnumerateRunes().Select(rune => rune.ToString()));
        var encoded = GrpcMessageText.Encode(text.Get);
        return encoded.All(c => c is >= ' ' and <= '~') && Uri.UnescapeDataString(encoded) == whole;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("3S", 30_000_000)]
    [InlineData("4m", 40_000)]
    [InlineData("5u", 50)]
    [InlineData("100n", 1)]
    [InlineData("101n", 2)]
    [InlineData("0n", 0)]
    [InlineData("99999999H", 34_560_000_000_000)]
    public void Timeout_EveryUnit_IsRead(string text, long ticks)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Fact]
    public async Task Call_DeadlinePasses_CancelsItsHandler()
    {
        var time = new StepTimeProvider();
        var context = new DefaultHttpContext();
        context.Request.Headers["grpc-timeout"] = "1500m";
        using var call = new GrpcCall(context, new GrpcOptions(), time);
        Assert.Equal((TimeSpan.FromSeconds(1.5), false), (call.Timeout, call.Cancellation.IsCancellationRequested));

        Assert.Equal(TimeSpan.FromSeconds(1.5), await time.StepAsync());

        Assert.Equal((true, true), (call.IsPastDeadline, call.Cancellation.IsCancellationRequested));
    }

    [Fact]
    public void Call_CallerGoesAway_CancelsItsHandler()
    {
        using var aborted = new CancellationTokenSource();
        var context = new DefaultHttpContext { RequestAborted = aborted.Token };
        context.Request.Headers["grpc-timeout"] = "1H";
        using var call = new GrpcCall(context, new GrpcOptions(), new StepTimeProvider());

        aborted.Cancel();

        Assert.Equal((false, true), (call.IsPastDeadline, call.Cancellation.IsCancellationRequested));
    }

    [Theory]
    [InlineData("grpc-anything", "x")]
    [InlineData("x-text", "größe")]
    public void Call_MetadataThatCannotBeSent_IsRefused(string name, string value)
    {
        using var call = new GrpcCall(new DefaultHttpContext(), new GrpcOptions(), TimeProvider.System);

        Assert.Throws<ArgumentException>(() => call.AddHeader(name, value));
        Assert.Throws<ArgumentException>(() => call.AddTrailer(name, value));
        Assert.Throws<ArgumentException>(() => call.AddTrailer("x-text", [1, 2]));
    }

    [Fact]
    public void StatusOf_EveryServingError_IsAFailure()
    {
        foreach (var error in Enum.GetValues<ServingError>())
            Assert.NotEqual(GrpcStatus.Ok, GrpcErrors.StatusOf(error));
        Assert.Equal(
            [GrpcStatus.Internal, GrpcStatus.Internal],
            Enum.GetValues<ServingError>().Where(error => GrpcErrors.StatusOf(error) == GrpcStatus.Internal).Select(GrpcErrors.StatusOf));
    }

    [Fact]
    public void Builder_MethodsThatDoNotFitTheProtoFile_AreRefusedAtStart()
    {
        var builder = new GrpcServiceBuilder(EchoReflection.Descriptor.Services[0]);

        Assert.Contains("no method Nope", Assert.Throws<ArgumentException>(() => builder.Unary<EchoMessage, EchoMessage>("Nope", (m, _) => new(m))).Message);
        Assert.Contains("does not stream that way", Assert.Throws<ArgumentException>(() => builder.Unary<EchoMessage, EchoMessage>("Chat", (m, _) => new(m))).Message);
        Assert.Contains("needs a codec", Assert.Throws<ArgumentException>(() => builder.Unary<RawMessage, EchoMessage>("Unary", (_, _) => new(new EchoMessage()))).Message);
        Assert.Empty(builder.Methods);
    }

    [Fact]
    public void Options_Mistakes_AreAllNamed()
    {
        var options = new GrpcOptions { MaxMessageBytes = 0, MaxStreamsPerConnection = 0, KeepAlivePingDelay = TimeSpan.Zero, KeepAlivePingTimeout = TimeSpan.Zero };

        Assert.Equal(
            ["Granary:Grpc:MaxMessageBytes", "Granary:Grpc:MaxStreamsPerConnection", "Granary:Grpc:KeepAlivePingDelay", "Granary:Grpc:KeepAlivePingTimeout"],
            options.Validate().Select(error => error.Split(' ')[0]));
        Assert.Empty(new GrpcOptions().Validate());
    }
}

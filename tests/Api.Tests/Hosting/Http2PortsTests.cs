using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Granary.Api.Hosting;
using Granary.Api.Tests.Support;
using Microsoft.AspNetCore.Connections;

namespace Granary.Api.Tests.Hosting;

/// <summary>Telling HTTP/2 from HTTP/1.1 by the first bytes, byte by byte and without a network.</summary>
public class Http2PortsTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    [Theory]
    [InlineData(Preface, 16, true)]
    [InlineData("PRI * HTTP/2.1\r\n", 14, false)]
    [InlineData("POST / HTTP/1.1\r\n", 2, false)]
    [InlineData("PROPFIND / HTTP/1.1\r\n", 3, false)]
    [InlineData("GET / HTTP/1.1\r\n", 1, false)]
    [InlineData("\0", 1, false)]
    public async Task Look_ByteByByte_KnowsAtTheFirstThatTellsAndConsumesNothing(string sent, int needed, bool isHttp2)
    {
        for (var piece = 1; piece <= sent.Length; piece++)
        {
            var connection = new Connection();
            var answer = connection.Look();
            var written = 0;
            while (!answer.IsCompleted)
            {
                Assert.True(written < needed, $"still waits after {written} bytes");
                var part = sent.Substring(written, Math.Min(piece, sent.Length - written));
                await connection.WriteAsync(part);
                written += part.Length;
            }

            Assert.Equal(isHttp2, await answer);
            Assert.Equal(sent[..written], await connection.ReadAsync());
        }
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("PRI * HT", false)]
    public async Task Look_ConnectionEnds_IsForHttp1UnlessItSaidNothing(string sent, bool? isHttp2)
    {
        foreach (var before in new[] { true, false })
        {
            var connection = new Connection();
            var answer = before ? null : connection.Look();
            if (sent.Length > 0)
                await connection.WriteAsync(sent);
            connection.End();

            Assert.Equal(isHttp2, await (answer ?? connection.Look()));
        }
    }

    [Fact]
    public async Task Look_ConnectionStaysSilent_GivesUp()
    {
        var connection = new Connection();
        var answer = connection.Look();

        Assert.Equal(TimeSpan.FromMinutes(2), await connection.Time.StepAsync());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    private sealed class Connection : IDuplexPipe
    {
        // Whoever waits for bytes runs within the write.
        private readonly Pipe _pipe = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));

        public StepTimeProvider Time { get; } = new();

        public PipeReader Input => _pipe.Reader;

        public PipeWriter Output => throw new NotSupportedException();

        public Task<bool?> Look() => new Http2Ports(Time).LooksLikeHttp2Async(new DefaultConnectionContext("test") { Transport = this }, TimeSpan.FromMinutes(2)).AsTask();

        public async Task WriteAsync(string text) => await _pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(text));

        public void End() => _pipe.Writer.Complete();

        public async Task<string> ReadAsync() => Encoding.Latin1.GetString((await Input.ReadAsync()).Buffer.ToArray());
    }
}

namespace Granary.Api.Tests.Hosting;

public class BindAddressTests
{
    [Theory]
    [InlineData("0.0.0.0:3000", "0.0.0.0", 3000)]
    [InlineData("127.0.0.1:0", "127.0.0.1", 0)]
    [InlineData("localhost:8080", "localhost", 8080)]
    [InlineData("localhost", "localhost", 3000)]
    [InlineData("4000", "127.0.0.1", 4000)]
    [InlineData(":3000", "*", 3000)]
    [InlineData("*:3000", "*", 3000)]
    [InlineData("[::1]:3000", "::1", 3000)]
    [InlineData("[::]", "::", 3000)]
    [InlineData(" node-1.internal:65535 ", "node-1.internal", 65535)]
    public void TryParse_KnownForm_ReadsHostAndPort(string text, string host, int port)
    {
        Assert.True(BindAddress.TryParse(text, out var address, out var error), error);
        Assert.Equal(new BindAddress(host, port), address);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("unix:/tmp/granary.sock", "socket file")]
    [InlineData("fd://3", "descriptor")]
    [InlineData("127.0.0.1:65536", "'65536'")]
    [InlineData("127.0.0.1:-1", "'-1'")]
    [InlineData("127.0.0.1:", "''")]
    [InlineData("70000", "'70000'")]
    [InlineData("::1:3000", "[::1:3000]:3000")]
    [InlineData("[::1:3000", "brackets")]
    [InlineData("[::1]3000", "'3000'")]
    [InlineData("[localhost]:3000", "brackets")]
    [InlineData("a b:3000", "'a b'")]
    [InlineData("http://localhost:3000", "colons")]
    public void TryParse_Wrong_SaysWhat(string text, string part)
    {
        Assert.False(BindAddress.TryParse(text, out _, out var error));
        Assert.Contains(part, error);
    }
}

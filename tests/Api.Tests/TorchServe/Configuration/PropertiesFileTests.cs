using Granary.Api.TorchServe.Configuration;

namespace Granary.Api.Tests.TorchServe.Configuration;

public sealed class PropertiesFileTests
{
    [Theory]
    [InlineData("a=b", "a", "b")]
    [InlineData("a:b", "a", "b")]
    [InlineData("a b", "a", "b")]
    [InlineData("  a  =  b  ", "a", "b  ")]
    [InlineData("a==b", "a", "=b")]
    [InlineData("a", "a", "")]
    [InlineData("# no\n! no\n\na=b", "a", "b")]
    [InlineData("a=b\\\n   c", "a", "bc")]
    [InlineData("a=b\\\r\n\tc", "a", "bc")]
    [InlineData("a=b\\\\\nc=d", "a", "b\\")]
    [InlineData("a=b\\", "a", "b")]
    [InlineData("a\\ b\\=c=d", "a b=c", "d")]
    [InlineData("a=\\u0041\\t\\n\\q", "a", "A\t\nq")]
    [InlineData("a=1\na=2", "a", "2")]
    [InlineData("inference_address=http://0.0.0.0:8080", "inference_address", "http://0.0.0.0:8080")]
    [InlineData("models={\\\n  \"m\": {\\\n \"1.0\": {}}}", "models", "{\"m\": {\"1.0\": {}}}")]
    public void Parse_WhatJavaReads_IsTheSame(string text, string key, string value) => Assert.Equal(value, PropertiesFile.Parse(text)[key]);

    [Theory]
    [InlineData("a=\\u12")]
    [InlineData("x=1\na=\\uzzzz")]
    public void Parse_BrokenEscape_SaysTheLine(string text) => Assert.Contains($"line {text.Count(static c => c == '\n') + 1} ", Assert.Throws<FormatException>(() => PropertiesFile.Parse(text)).Message);
}

using System.Text;
using System.Text.Json;
using Granary.Serving.Handlers.Texts;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Handlers.TorchServe;

public sealed class TextClassifierTests
{
    [Fact]
    public void Tokens_OfManyTexts_AreTorchServes()
    {
        using var cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Handlers", "TorchServe", "tokens.json")));
        Assert.Equal(81, cases.RootElement.GetArrayLength());

        foreach (var example in cases.RootElement.EnumerateArray())
        {
            var text = example.GetProperty("text").GetString()!;
            Assert.Equal(example.GetProperty("tokens").EnumerateArray().Select(static token => token.GetString()), TextTokens.OfOneAndTwo(text));
        }
    }

    [Fact]
    public void Tokens_OfAMillionOpenTags_TakeLinearTime()
    {
        // Python's regular expression would take a trillion steps.
        var tokens = TextTokens.OfOneAndTwo(new string('<', 1_000_000) + "a" + string.Concat(Enumerable.Repeat("&a", 500_000)));

        Assert.Single(tokens);
    }

    [Theory]
    [InlineData("v.json", """{"<unk>": 7, "a": 3, "b c": 5}""", 3, 7)]
    [InlineData("v.json", "\uFEFF[\"x\", \"<unk>\", \"a\"]", 2, 1)]
    [InlineData("v.txt", "<unk>\n\na\n", 2, 0)]
    public void Vocabulary_InEveryForm_HasNumbers(string name, string content, long ofA, long ofOthers)
    {
        var vocabulary = Vocabulary.Read(name, Encoding.UTF8.GetBytes(content));

        Assert.Equal((ofA, ofOthers), (vocabulary["a"], vocabulary["nowhere"]));
    }

    [Fact]
    public void Vocabulary_UnknownTokenWithoutUnk_IsNamed() => Assert.Equal(
        "the token 'b' is not in the model's vocabulary, which has no <unk>",
        Raises.Serving(ServingError.InvalidArgument, static () => _ = Vocabulary.Read("v.json", """{"a": 1}"""u8.ToArray())["b"]));

    [Theory]
    [InlineData("v.json", "nonsense")]
    [InlineData("v.json", """{"a": "1"}""")]
    [InlineData("v.json", """{"a": 1.5}""")]
    [InlineData("v.json", "[1]")]
    [InlineData("v.json", "[null]")]
    [InlineData("v.json", "3")]
    [InlineData("v.txt", "a\u0001", true)]
    public void Vocabulary_OfAnotherForm_SaysWhatItMayBe(string name, string content, bool notUtf8 = false) => Assert.Equal(
        $"the vocabulary '{name}' is no object of numbers by token, no list of tokens and no text with a token on each line",
        Raises.Serving(ServingError.InvalidArgument, () => Vocabulary.Read(name, notUtf8 ? [0xff, 0xfe] : Encoding.UTF8.GetBytes(content))));

    [Fact]
    public void Vocabulary_Empty_SaysSo() => Assert.Equal(
        "the vocabulary 'v.txt' is empty", Raises.Serving(ServingError.InvalidArgument, static () => Vocabulary.Read("v.txt", [])));
}

using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Models;

public sealed class ModelIdParserTests
{
    [Theory]
    [InlineData("huggingface/owner/name:model.pt", ModelSourceKind.HuggingFace, "owner/name", null, "model.pt")]
    [InlineData("huggingface/owner/name/main:sub/model.pt", ModelSourceKind.HuggingFace, "owner/name", "main", "sub/model.pt")]
    [InlineData("huggingface/owner/name/refs/pr/1:m.pt", ModelSourceKind.HuggingFace, "owner/name", "refs/pr/1", "m.pt")]
    [InlineData("arweave/Ritual-Net/sk2torch-example/v1:a.torch", ModelSourceKind.Arweave, "Ritual-Net/sk2torch-example", "v1", "a.torch")]
    [InlineData("local/owner/name:model.torch", ModelSourceKind.Local, "owner/name", null, "model.torch")]
    [InlineData("local/model.pt", ModelSourceKind.Local, "model.pt", null, null)]
    [InlineData("local//srv/my models/a, b/model.pt", ModelSourceKind.Local, "/srv/my models/a, b/model.pt", null, null)]
    [InlineData("local//srv/models:m.pt", ModelSourceKind.Local, "/srv/models", null, "m.pt")]
    [InlineData("blob/container/path/model.pt", ModelSourceKind.Blob, "container/path/model.pt", null, null)]
    [InlineData("blob/container:model.pt", ModelSourceKind.Blob, "container", null, "model.pt")]
    [InlineData("local/modèles/模型.pt", ModelSourceKind.Local, "modèles/模型.pt", null, null)]
    public void Parse_CanonicalText_RoundTrips(string text, ModelSourceKind source, string repository, string? version, string? file)
    {
        var id = ModelIdParser.Parse(text);

        Assert.Equal(new ModelId(source, repository, version, file), id);
        Assert.Equal(text, id.ToString());
    }

    [Fact]
    public void Parse_SeveralFiles_TakesTheFirst()
        => Assert.Equal("huggingface/o/n:a.torch", ModelIdParser.Parse("huggingface/o/n:a.torch,ritual_manifest.json").ToString());

    [Theory]
    [InlineData("")]
    [InlineData("local")]
    [InlineData("local/")]
    [InlineData("local//")]
    [InlineData("local///etc/passwd")]
    [InlineData("some/invalid-model-format")]
    [InlineData("HuggingFace/owner/name:f")]
    [InlineData("local/../secret.pt")]
    [InlineData("local/a/../../secret.pt")]
    [InlineData("local//srv/../etc/passwd")]
    [InlineData("local/./a.pt")]
    [InlineData("local/a//b.pt")]
    [InlineData("local/a/")]
    [InlineData("local/a\\b.pt")]
    [InlineData("local/a.pt\0")]
    [InlineData("local/a\u202egnp.pt")]
    [InlineData("local/a\u200b.pt")]
    [InlineData("local/a\nb.pt")]
    [InlineData("local/ a.pt")]
    [InlineData("local/a:")]
    [InlineData("local/a:b:c")]
    [InlineData("local/a:../b")]
    [InlineData("local/a:/b")]
    [InlineData("local/a:b,")]
    [InlineData("local/a:b,../c")]
    [InlineData("arweave/owner/name")]
    [InlineData("huggingface/owner:file")]
    [InlineData("huggingface//name:file")]
    [InlineData("huggingface/owner/name/:file")]
    [InlineData("huggingface/owner/../x:file")]
    [InlineData("huggingface/ow ner/name:file")]
    [InlineData("huggingface/owner/na%2e%2e:file")]
    [InlineData("huggingface/owner@evil.example/name:file")]
    [InlineData("huggingface/owner/name?x=1:file")]
    [InlineData("huggingface/owner/name/refs/../main:file")]
    [InlineData("arweave/owner/name/v1/more:file")]
    [InlineData("blob/container")]
    [InlineData("file:///etc/passwd")]
    public void Parse_HostileOrBrokenText_IsRefusedWithTheForms(string text)
    {
        var message = Raises.Serving(ServingError.InvalidArgument, () => ModelIdParser.Parse(text));

        Assert.Contains("expected huggingface/owner/name[/revision][:file]", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, static c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u202e' or '\u200b');
    }

    // Not inline data: attributes cannot hold half a surrogate pair.
    [Fact]
    public void Parse_HalfASurrogatePair_IsRefused()
        => Parse_HostileOrBrokenText_IsRefusedWithTheForms("local/" + (char)0xd800 + ".pt");

    [Fact]
    public void Parse_TooLongText_IsRefusedWithoutRepeatingIt()
    {
        var message = Raises.Serving(ServingError.InvalidArgument, () => ModelIdParser.Parse("local/" + new string('a', 5000)));

        Assert.Contains("it has 5,006 characters, the limit is 1,024", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 500);
    }

    [Fact]
    public void ParseOfFormat_AnyValidId_IsTheSameId()
        => Prop.ForAll(Ids().ToArbitrary(), static id => ModelIdParser.Parse(ModelIdParser.Format(id)) == id).QuickCheckThrowOnFailure();

    [Fact]
    public void Parse_AnyText_IsRefusedOrCanonical()
        => Prop.ForAll(Texts().ToArbitrary(), static text =>
            !ModelIdParser.TryParse(text, out var id, out _)
            || (ModelIdParser.Parse(id.ToString()) == id && !id.ToString().Contains("/../", StringComparison.Ordinal)))
            .QuickCheckThrowOnFailure();

    private static Gen<ModelId> Ids()
    {
        var word = Gen.Elements("a", "Ritual-Net", "sk2torch", "v1.0", "0", "x_y", "A+b=").Select(static w => w);
        var segment = Gen.Elements("a.pt", "my model", "é", "模型", "a%2e", "#1", "name.torch", "x y z");
        var path = Gen.NonEmptyListOf(segment).Select(static parts => string.Join('/', parts.Take(6)));
        var optionalFile = Gen.OneOf(path.Select(static p => (string?)p), Gen.Constant<string?>(null));
        var version = Gen.OneOf(word.Select(static w => (string?)w), Gen.Constant<string?>(null));
        var remote = from kind in Gen.Elements(ModelSourceKind.HuggingFace, ModelSourceKind.Arweave)
                     from owner in word
                     from name in word
                     from v in version
                     from file in path
                     select new ModelId(kind, $"{owner}/{name}", v, file);
        var local = from root in Gen.Elements("", "/")
                    from directory in path
                    from file in optionalFile
                    select new ModelId(ModelSourceKind.Local, root + directory, null, file);
        var blob = from container in word
                   from rest in path
                   from file in optionalFile
                   select new ModelId(ModelSourceKind.Blob, $"{container}/{rest}", null, file);
        return Gen.OneOf(remote, local, blob);
    }

    private static Gen<string> Texts() => Gen.ListOf(Gen.Elements(
            "local/", "huggingface/", "blob/", "arweave/", "a", "b.pt", "/", ":", ",", "..", ".", "\\", "\0", " ", "%2f", "é", "\ud83d", "\ude00"))
        .Select(static parts => string.Concat(parts));
}

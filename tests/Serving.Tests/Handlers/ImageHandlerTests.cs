using Granary.Serving.Handlers;
using Granary.Serving.Handlers.Images;
using Granary.Torch;

namespace Granary.Serving.Tests.Handlers;

public sealed class ImageHandlerTests(TorchvisionCases cases) : IClassFixture<TorchvisionCases>
{
    [Fact]
    public void Preprocess_EveryRecipe_HasTorchvisionsNumbers()
    {
        Assert.Equal(11, cases.All.Count);
        Assert.All(cases.All, expected =>
        {
            using var tensor = Run(Handler(expected.Parameters), Bytes(expected.File));
            Assert.Equal(DType.Float32, tensor.DType);
            Assert.Equal([1, .. expected.Shape], tensor.Shape.ToArray());
            Assert.Equal(0f, tensor.As<float>().ToArray().Zip(expected.Expected, static (left, right) => Math.Abs(left - right)).Max(), 1e-6f);
        });
    }

    [Fact]
    public void Preprocess_EveryFormOfARequest_IsTheSameImage()
    {
        var seed = cases["seed"];
        var text = Convert.ToBase64String(seed.File);
        Value[] forms =
        [
            Bytes(seed.File),
            new StringValue(text),
            new StringValue("data:image/png;base64," + text),
            Object("image", Object("b64", new StringValue(text))),
            Object("image_bytes", Object("b64", Bytes(seed.File))),
            Object("image", new StringValue(text)),
            Object("b64", new StringValue(text)),
            new ListValue([new DictValue([Entry("caption", new StringValue("seaside")), Entry("image", Bytes(seed.File))])]),
        ];
        Assert.All(forms, form =>
        {
            using var tensor = Run(Handler(""), form);
            Assert.Equal(seed.Expected, tensor.As<float>().ToArray());
            Assert.Equal([1, 3, 32, 32], tensor.Shape.ToArray());
        });
    }

    [Fact]
    public void Preprocess_SeveralImages_AreStacked()
    {
        var parameters = cases["imagenet-PNG"].Parameters;
        TorchvisionCases.Case[] some = [cases["imagenet-PNG"], cases["imagenet-JPEG"], cases["imagenet-WEBP"]];

        using var tensor = Run(Handler(parameters), new ListValue([.. some.Select(static item => Bytes(item.File))]));

        Assert.Equal([3, 3, 224, 224], tensor.Shape.ToArray());
        Assert.Equal(some.SelectMany(static item => item.Expected), tensor.As<float>().ToArray());
    }

    [Fact]
    public void Preprocess_TensorsThatAreReady_PassAsTheyAre()
    {
        using var ready = Tensor.From<float>(DType.Float32, [1, 3], [1, 2, 3]);
        Argument[] inputs = [new("INPUT__0", ready)];
        Assert.Same(inputs, Handler("").Preprocess(inputs));
    }

    [Fact]
    public void Preprocess_ImageBesideATensor_ChangesTheImageOnly()
    {
        using var other = Tensor.From<float>(DType.Float32, [1], [1]);
        var changed = Handler("").Preprocess([new("x", Bytes(cases["seed"].File)), new("y", other)]);
        using var image = changed[0].Value;
        Assert.Equal(["x", "y"], changed.Select(static argument => argument.Name));
        Assert.Equal([1, 3, 32, 32], ((Tensor)image).Shape.ToArray());
        Assert.Same(other, changed[1].Value);
    }

    [Fact]
    public void Preprocess_ImagesOfTwoSizes_SaysWhichAndWhatToDo()
    {
        var error = Fails("", new ListValue([Bytes(cases["seed"].File), Bytes(cases["tall"].File)]));
        Assert.Equal("image 2 of 2: it becomes 61 x 173 pixels but the first 32 x 32; send images of one size, or give the handler 'crop' or 'resize=height,width'", error);
    }

    [Fact]
    public void Preprocess_LargerThanAllowed_IsRefused() =>
        Assert.Equal("the image has 32 x 32 = 1024 pixels; at most 1023 are allowed (parameter max-pixels of the handler)", Fails("max-pixels=1023", Bytes(cases["seed"].File)));

    [Fact]
    public void Preprocess_StripThatWouldBecomeHuge_IsRefused() =>
        Assert.StartsWith("the image of 61 x 173 pixels would become one of 16384 x 46466;", Fails("resize=16384 max-pixels=20000", Bytes(cases["tall"].File)));

    [Fact]
    public void Preprocess_NoImage_SaysWhatIsOne()
    {
        Assert.Equal("the text of an image is not base64", Fails("", new StringValue("?")));
        Assert.Equal("the data is neither a PNG nor a JPEG nor a WebP", Fails("", new StringValue("AAAA")));
        Assert.Equal("the data is neither a PNG nor a JPEG nor a WebP", Fails("", new StringValue("")));
        Assert.Equal("the request holds no image", Fails("", new ListValue([])));
        Assert.StartsWith("an object has neither 'image' nor 'image_bytes'", Fails("", Object("picture", new StringValue("AAAA"))));
        Assert.StartsWith("a int is no image", Fails("", new IntValue(1)));
        Assert.StartsWith("image 1 of 2: a tensor of float32 and 1 dimensions is no image", Fails("", new ListValue([Tensor.From<float>(DType.Float32, [1], [1]), new StringValue("")])));
        Assert.StartsWith("the PNG is damaged", Fails("", Bytes(cases["seed"].File[..200])));
    }

    private static ImageHandler Handler(string parameters)
    {
        var faults = new List<string>();
        var spec = HandlerText.Parse("image: " + parameters)[0];
        var options = ImageOptions.Read(new HandlerParameters(spec, faults));
        Assert.Empty(faults);
        return new ImageHandler(options);
    }

    private static Tensor Run(ImageHandler handler, Value value) => (Tensor)handler.Preprocess([new Argument(null, value)])[0].Value;

    private static string Fails(string parameters, Value value)
    {
        var error = Assert.Throws<ServingException>(() => Run(Handler(parameters), value));
        Assert.Equal(ServingError.InvalidArgument, error.Error);
        return error.Message;
    }

    private static Tensor Bytes(byte[] file) => Tensor.From<byte>(DType.UInt8, [file.Length], file);

    private static DictValue Object(string key, Value value) => new([Entry(key, value)]);

    private static KeyValuePair<Value, Value> Entry(string key, Value value) => new(new StringValue(key), value);
}

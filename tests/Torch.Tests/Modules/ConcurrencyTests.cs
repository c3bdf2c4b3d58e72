using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Modules;

public sealed class ConcurrencyTests
{
    private const int Threads = 8;

    [Fact]
    public void Invoke_ManyThreads_GiveTheSameBitsAsOne()
    {
        using var module = Fixture.Load("conv_bn");
        var images = Enumerable.Range(0, 16).Select(Image).ToArray();
        var expected = images.Select(image => module.Call("forward", image)).ToArray();
        Run(thread =>
        {
            for (var i = 0; i < 200; i++)
            {
                var at = (i + thread) % images.Length;
                Assert.Equal(expected[at], module.Call("forward", images[at]));
            }
        });
        foreach (var image in images)
            image.Dispose();
    }

    [Fact]
    public void Invoke_AgainAndFromAFreshLoad_GivesTheSameBits()
    {
        using var image = Image(3);
        using var module = Fixture.Load("conv_bn");
        var first = module.Call("forward", image);
        for (var i = 0; i < 20; i++)
            Assert.Equal(first, module.Call("forward", image));
        using var again = Fixture.Load("conv_bn");
        Assert.Equal(first, again.Call("forward", image));
    }

    [Fact]
    public void Dispose_WhileCallsRun_EveryCallEndsWithAResultOrAnObjectDisposedException()
    {
        for (var round = 0; round < 20; round++)
        {
            var module = Fixture.Load("linear8");
            using var started = new CountdownEvent(Threads);
            var disposer = new Thread(() =>
            {
                started.Wait();
                module.Dispose();
            });
            disposer.Start();
            Run(_ =>
            {
                using var row = Fixture.Doubles([1, 8], 1, 2, 3, 4, 5, 6, 7, 8);
                started.Signal();
                try
                {
                    while (true)
                        Assert.Equal("float64[1,1]:26.0", module.Call("forward", row));
                }
                catch (ObjectDisposedException)
                {
                    // The end that this test waits for.
                }
            });
            disposer.Join();
        }

        Assert.Equal(0, TorchRuntime.LiveObjects.Total);
    }

    [Fact]
    public void Load_ManyThreads_AllWork() => Run(_ =>
    {
        for (var i = 0; i < 10; i++)
        {
            using var module = Fixture.Load("linear8");
            using var row = Fixture.Doubles([1, 8], 1, 2, 3, 4, 5, 6, 7, 8);
            Assert.Equal("float64[1,1]:26.0", module.Call("forward", row));
        }
    });

    private static Tensor Image(int seed)
    {
        var random = new Random(seed);
        var image = Tensor.Rent(DType.Float32, [1, 1, 8, 8]);
        foreach (ref var pixel in image.As<float>())
            pixel = random.NextSingle();
        return image;
    }

    private static void Run(Action<int> body)
    {
        var errors = new List<Exception>();
        var threads = Enumerable.Range(0, Threads).Select(index => new Thread(() =>
        {
            try
            {
                body(index);
            }
            catch (Exception error)
            {
                lock (errors)
                    errors.Add(error);
            }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Empty(errors);
    }
}

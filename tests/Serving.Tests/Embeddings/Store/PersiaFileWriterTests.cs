using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Store;

public sealed class PersiaFileWriterTests
{
    [Theory]
    [InlineData(PersiaFormat.V2, PersiaFiles.Emb)]
    [InlineData(PersiaFormat.V0, PersiaFiles.EmbV0)]
    public void Checkpoint_OfTheVectorsContent_IsTheVector(PersiaFormat format, string hex)
    {
        var stream = new MemoryStream();
        using (var writer = PersiaFileWriter.Checkpoint(stream, format, 2, 3))
        {
            writer.Add(7, [0.5f, -0.5f]);
            writer.Add(9, [1, 2]);
            Assert.Throws<InvalidOperationException>(() => writer.Add(10, [1, 2]));
        }

        Assert.Equal(hex, Convert.ToHexStringLower(stream.ToArray()));
    }

    [Theory]
    [InlineData(PersiaFormat.V2, PersiaFiles.Inc)]
    [InlineData(PersiaFormat.V0, PersiaFiles.IncV0)]
    public void Packet_OfTheVectorsContent_IsTheVector(PersiaFormat format, string hex)
    {
        var stream = new MemoryStream();
        using (var writer = PersiaFileWriter.Packet(stream, format, 1, PersiaFiles.IncSeconds))
            writer.Add(7, [0.25f, 0.75f]);
        Assert.Equal(hex, Convert.ToHexStringLower(stream.ToArray()));
    }
}

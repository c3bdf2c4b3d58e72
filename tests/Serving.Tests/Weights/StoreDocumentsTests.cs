using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;

namespace Granary.Serving.Tests.Weights;

public sealed class StoreDocumentsTests
{
    [Fact]
    public void Write_Fails_LeavesNoTemporaryFile()
    {
        using var directory = new TempDirectory();
        var path = Path.Combine(directory.Path, "a.json");
        Directory.CreateDirectory(path); // what cannot be replaced by a file

        Assert.ThrowsAny<Exception>(() => StoreDocuments.Write(path, new PartialState("local/a", null, 1, null), StoreJson.Default.PartialState));

        Assert.Equal([path], Directory.GetFileSystemEntries(directory.Path));
    }
}

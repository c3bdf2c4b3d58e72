using Granary.Torch.Tests.Support;

namespace Granary.Torch.Tests.Runtime;

public sealed class LibraryLoadingTests
{
    private const string HowToInstall =
        "start with ./run as root, or 'apt install libtorch-dev libopenblas0-pthread' and build/native.sh; LIBTORCH=<directory of a libtorch> selects another libtorch";

    [Fact]
    public void Open_NoShim_SaysWhatToInstall()
    {
        var folder = Path.GetDirectoryName(Fixture.TempFile("x"))!;
        var error = Assert.Throws<TorchException>(() => NativeRuntime.Open(folder));
        Assert.Equal((TorchFailure.Library, $"libgranary_torch.so is not beside Granary.Torch.dll: it was not built; {HowToInstall}"), (error.Failure, error.Message));
    }

    [Fact]
    public void Open_NotALibrary_SaysWhatToInstallAndNoPath()
    {
        var path = Fixture.TempFile("libgranary_torch.so");
        File.WriteAllText(path, "no library");
        var error = Assert.Throws<TorchException>(() => NativeRuntime.Open(Path.GetDirectoryName(path)!));
        Assert.Equal((TorchFailure.Library, $"libtorch cannot be loaded: the dynamic linker refused it; {HowToInstall}"), (error.Failure, error.Message));
    }

    [Fact]
    public void Open_FirstFolderWithout_TakesTheNext() =>
        Assert.NotEqual(0, NativeRuntime.Open(Path.GetDirectoryName(Fixture.TempFile("x"))!, AppContext.BaseDirectory));

    [Theory]
    [InlineData(
        "Unable to load shared library '/srv/libgranary_torch.so' or one of its dependencies.\nlibtorch_cpu.so.1.13: cannot open shared object file: No such file or directory\n",
        "libtorch_cpu.so.1.13 is not on this machine")]
    [InlineData(
        "Unable to load shared library '/srv/libgranary_torch.so'.\n/srv/libgranary_torch.so: undefined symbol: _ZN3c105ErrorC1Ev\n",
        "it is not the version that the shim was built for: undefined symbol: _ZN3c105ErrorC1Ev")]
    [InlineData("Unable to load shared library '/srv/x.so'.\n/srv/x.so: invalid ELF header\n", "the dynamic linker refused it")]
    public void Reason_OfTheLinker_IsTheUsefulPart(string message, string reason) =>
        Assert.Equal(reason, NativeRuntime.Reason(message));
}

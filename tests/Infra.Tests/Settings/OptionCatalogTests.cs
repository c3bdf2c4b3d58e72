namespace Granary.Infra.Tests.Settings;

/// <summary>The catalog must say no: else the tests that ask it could not fail.</summary>
public sealed class OptionCatalogTests
{
    [Theory]
    [InlineData("Granary__Admin__Key")]
    [InlineData("Granary__Server__Bind__0")]
    [InlineData("Granary__Weights__Directory")]
    [InlineData("Granary__SourcePolicy__AllowedOwners__Arweave__0")]
    [InlineData("TORCH_CACHE_DIR")]
    [InlineData("Orleans__Clustering__Gateways__0")]
    public void Fault_OfASetting_IsNone(string variable) => Assert.Null(OptionCatalog.Product.Fault(variable));

    [Theory]
    [InlineData("Granary__Admin")]
    [InlineData("Granary__Admin__Keys")]
    [InlineData("Granary__Admin__Key__0")]
    [InlineData("Granary__Nothing__Key")]
    [InlineData("Admin__Key")]
    [InlineData("Weights__Directory")]
    [InlineData("TORCH_CACHE_DIRECTORY")]
    [InlineData("Orleans__Clustering__Provider")]
    [InlineData("Orleans__GrainStorage__Catalogue__ProviderType")]
    public void Fault_OfSomethingElse_NamesIt(string variable) =>
        Assert.Equal($"{variable} is no option of the product", OptionCatalog.Product.Fault(variable));
}

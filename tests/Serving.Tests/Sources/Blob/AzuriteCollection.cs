namespace Granary.Serving.Tests.Sources.Blob;

/// <summary>One azurite for all classes that need no tokens: it takes seconds to start.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<Azurite>
{
    public const string Name = "azurite";
}

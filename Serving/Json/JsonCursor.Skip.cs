namespace Granary.Serving.Json;

public ref partial struct JsonCursor
{
    /// <summary>Skips one value of any kind, checking that all of it is well-formed.</summary>
    public void SkipValue() => throw new NotImplementedException();
}

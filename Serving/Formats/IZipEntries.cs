namespace Granary.Serving.Formats;

/// <summary>Gets every entry of a zip file's directory while <see cref="ZipDirectory"/> reads it.</summary>
internal interface IZipEntries
{
    /// <summary>Takes an entry.</summary>
    /// <param name="header">The fixed part of its record in the directory.</param>
    /// <param name="extra">Its extra fields.</param>
    /// <param name="name">Its path as written.</param>
    void Add(ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra, ReadOnlySpan<byte> name);
}

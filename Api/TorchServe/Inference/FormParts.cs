using System.Text;
using Granary.Serving;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Granary.Api.TorchServe.Inference;

/// <summary>The parts of a form, in memory: bodies are limited already.</summary>
internal static class FormParts
{
    private const int MostParts = 1024;
    private const int MostBoundaryChars = 256;

    /// <summary>Whether a content type says that the body is a form.</summary>
    public static bool IsForm(MediaTypeHeaderValue? type) => IsMultipart(type) || IsUrlEncoded(type);

    /// <summary>Whether a content type says that the body has several parts with headers.</summary>
    public static bool IsMultipart(MediaTypeHeaderValue? type) => type is not null && type.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads <c>multipart/form-data</c> or <c>application/x-www-form-urlencoded</c>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it is no such form.</exception>
    public static async Task<List<RequestPart>> ReadAsync(byte[] body, MediaTypeHeaderValue type, CancellationToken cancellation) =>
        IsMultipart(type) ? await ReadMultipartAsync(body, type, cancellation) : ReadUrlEncoded(body);

    private static bool IsUrlEncoded(MediaTypeHeaderValue? type) => type is not null && type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);

    private static List<RequestPart> ReadUrlEncoded(byte[] body)
    {
        var parts = new List<RequestPart>();
        using var reader = new FormReader(Encoding.UTF8.GetString(body)) { ValueCountLimit = MostParts, KeyLengthLimit = int.MaxValue, ValueLengthLimit = int.MaxValue };
        try
        {
            foreach (var (name, values) in reader.ReadForm())
                parts.AddRange(values.Select(value => new RequestPart(name, Encoding.UTF8.GetBytes(value ?? ""), null)));
        }
        catch (InvalidDataException exception)
        {
            throw Invalid(exception);
        }

        return parts;
    }

    private static async Task<List<RequestPart>> ReadMultipartAsync(byte[] body, MediaTypeHeaderValue type, CancellationToken cancellation)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > MostBoundaryChars)
            throw new ServingException(ServingError.InvalidArgument, "the content type multipart has no boundary, or one that is too long");
        var parts = new List<RequestPart>();
        try
        {
            var reader = new MultipartReader(boundary, new MemoryStream(body, writable: false));
            while (await reader.ReadNextSectionAsync(cancellation) is { } section)
            {
                if (parts.Count == MostParts)
                    throw new ServingException(ServingError.InvalidArgument, $"the form has more than {MostParts} parts");
                parts.Add(await ReadSectionAsync(section, cancellation));
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            throw Invalid(exception);
        }

        return parts;
    }

    private static async Task<RequestPart> ReadSectionAsync(MultipartSection section, CancellationToken cancellation)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || HeaderUtilities.RemoveQuotes(disposition.Name).Value is not { Length: > 0 } name)
            throw new ServingException(ServingError.InvalidArgument, "a part of the form has no name; expected Content-Disposition: form-data; name=\"data\"");
        using var content = new MemoryStream();
        await section.Body.CopyToAsync(content, cancellation);
        // The content type of plain fields is not looked at, as in TorchServe.
        var isFile = disposition.FileName.HasValue || disposition.FileNameStar.HasValue;
        var type = isFile && MediaTypeHeaderValue.TryParse(section.ContentType, out var parsed) ? parsed.MediaType.Value : null;
        return new RequestPart(name, content.ToArray(), type);
    }

    private static ServingException Invalid(Exception exception) => new(ServingError.InvalidArgument, $"the form cannot be read: {exception.Message}", exception);
}

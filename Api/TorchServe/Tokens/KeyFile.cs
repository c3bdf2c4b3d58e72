using System.Text.Json;

namespace Granary.Api.TorchServe.Tokens;

/// <summary>The file that tells an operator the tokens, in TorchServe's form; only its owner may read it.</summary>
internal static class KeyFile
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Puts the file in place in one step.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, TokenSet tokens)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        using (var writer = new Utf8JsonWriter(file, Indented))
            Write(writer, tokens);
        File.Move(temporary, path, overwrite: true);
    }

    private static void Write(Utf8JsonWriter writer, TokenSet tokens)
    {
        writer.WriteStartObject();
        Write(writer, "management"u8, tokens.Management);
        Write(writer, "inference"u8, tokens.Inference);
        writer.WriteStartObject("API"u8);
        writer.WriteString("key"u8, tokens.Api);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Token token)
    {
        writer.WriteStartObject(name);
        writer.WriteString("key"u8, token.Key);
        writer.WriteString("expiration time"u8, token.Expires.UtcDateTime);
        writer.WriteEndObject();
    }
}

using Granary.Serving.Json;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// Reads the body of <c>POST …/infer</c>: JSON, and behind it the binary data of the inputs that said so, in their order.
/// Source: open-inference-protocol, <c>inference_rest.md</c>; Triton, <c>extension_binary_data.md</c>.
/// </summary>
internal static class InferRequestReader
{
    /// <summary>Reads a whole body.</summary>
    /// <param name="body">JSON, then binary data.</param>
    /// <param name="jsonBytes">Length of the JSON (<c>Inference-Header-Content-Length</c>); null when there is nothing else.</param>
    /// <exception cref="Serving.ServingException">Malformed; says where.</exception>
    public static V2Request Read(ReadOnlySpan<byte> body, long? jsonBytes)
    {
        if (jsonBytes is { } length && (length < 0 || length > body.Length))
            throw V2Errors.Invalid($"Inference-Header-Content-Length is {length}; the body has {body.Length} bytes");
        var json = jsonBytes is null ? body : body[..(int)jsonBytes.Value];
        if (json.IsEmpty)
            throw V2Errors.Invalid("the request has no JSON: expected an object with 'inputs'");
        var request = new V2Request();
        try
        {
            ReadObject(json, new BinaryPart(body[json.Length..]), request);
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    private static void ReadObject(ReadOnlySpan<byte> json, BinaryPart binary, V2Request request)
    {
        var cursor = new JsonCursor(json);
        var seen = false;
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("inputs"u8))
            {
                if (seen)
                    throw V2Errors.Invalid("'inputs' appears twice");
                seen = true;
                ReadInputs(ref cursor, ref binary, request);
            }
            else if (name.Is("outputs"u8))
            {
                ReadOutputs(ref cursor, request);
            }
            else if (name.Is("id"u8))
            {
                request.Id = cursor.ReadString();
            }
            else if (name.Is("parameters"u8))
            {
                RequestParameters.Read(ref cursor, request);
            }
            else
            {
                cursor.SkipValue();
            }
        }

        cursor.End();
        if (!seen)
            throw V2Errors.Invalid("the request has no 'inputs'");
        binary.End();
    }

    private static void ReadInputs(ref JsonCursor cursor, ref BinaryPart binary, V2Request request)
    {
        cursor.BeginArray();
        while (cursor.NextItem())
        {
            var reader = new InferInputReader();
            var value = reader.Read(ref cursor) ?? binary.Take(reader.Name, reader.Datatype, reader.Shape, reader.BinaryBytes!.Value);
            try
            {
                request.Inputs.Add(new V2Input(reader.Name, reader.Datatype, reader.Shape, value));
            }
            catch
            {
                value.Dispose();
                throw;
            }
        }
    }

    private static void ReadOutputs(ref JsonCursor cursor, V2Request request)
    {
        cursor.BeginArray();
        while (cursor.NextItem())
        {
            string? output = null;
            bool? binary = null;
            var classes = 0;
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
            {
                if (name.Is("name"u8))
                    output = cursor.ReadString();
                else if (name.Is("parameters"u8))
                    (binary, classes) = RequestParameters.ReadOutput(ref cursor);
                else
                    cursor.SkipValue();
            }

            request.Outputs.Add(new V2Output(output ?? throw V2Errors.Invalid("an output has no 'name'"), binary, classes));
        }
    }
}

using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.Http;

/// <summary>Reads a generate request: each key that is an input's name is that input, all others are parameters of no meaning here.</summary>
internal static class GenerateRequestReader
{
    /// <summary>Reads a whole body.</summary>
    /// <exception cref="Serving.ServingException"><see cref="Serving.ServingError.InvalidArgument"/>: malformed.</exception>
    public static V2Request Read(ReadOnlySpan<byte> body, ModelConfig config)
    {
        var request = new V2Request();
        try
        {
            var cursor = new JsonCursor(body);
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
            {
                var key = name.ToString();
                if (Find(config, key) is { } input)
                    request.Inputs.Add(ReadInput(ref cursor, input, config.HasBatchDimension));
                else if (key == "id" && cursor.PeekKind() == JsonKind.String)
                    request.Id = cursor.ReadString();
                else
                    cursor.SkipValue();
            }

            cursor.End();
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    private static ModelInput? Find(ModelConfig config, string name)
    {
        for (var i = 0; i < config.Input.Count; i++)
        {
            if (config.Input[i].Name == name)
                return config.Input[i];
        }

        return null;
    }

    private static V2Input ReadInput(ref JsonCursor cursor, ModelInput input, bool batches)
    {
        if (input.DataType.ToDType() is { } dtype)
        {
            using var tensor = JsonTensorReader.ReadNested(ref cursor, dtype);
            var shape = ShapeOf(tensor.Shape, input, batches);
            return new V2Input(input.Name, input.DataType, shape, BinaryPart.Copy(input.Name, input.DataType, shape, tensor.Bytes));
        }

        var texts = new List<Value>();
        Collect(ref cursor, texts);
        return new V2Input(input.Name, input.DataType, ShapeOf([texts.Count], input, batches), new ListValue(texts));
    }

    private static void Collect(ref JsonCursor cursor, List<Value> texts)
    {
        if (cursor.PeekKind() != JsonKind.Array)
        {
            texts.Add(new StringValue(cursor.ReadString()));
            return;
        }

        cursor.BeginArray();
        while (cursor.NextItem())
            Collect(ref cursor, texts);
    }

    /// <summary>A number alone is a list of one; what lacks dimensions in front, such as the batch, gets them.</summary>
    private static long[] ShapeOf(ReadOnlySpan<long> given, ModelInput input, bool batches)
    {
        var rank = Math.Max(given.Length, input.Dims.Count + (batches ? 1 : 0));
        var shape = new long[rank];
        shape.AsSpan(0, rank - given.Length).Fill(1);
        given.CopyTo(shape.AsSpan(rank - given.Length));
        return shape;
    }
}

using System.Buffers;

namespace Granary.Ceiling;

/// <summary>The tensor's little-endian bytes in, the result's out: what a binary protocol can reach.</summary>
internal sealed class RawEndpoint(Model model)
{
    public async Task HandleAsync(HttpContext context)
    {
        var body = await JsonEndpoint.ReadAsync(context.Request.BodyReader);
        using var input = model.RentInput();
        body.CopyTo(input.Bytes);
        context.Request.BodyReader.AdvanceTo(body.End);
        Answer(context.Response, input);
    }

    private void Answer(HttpResponse response, Torch.Tensor input)
    {
        using var result = model.Forward(input);
        var output = ((Torch.Tensor)result.Value).Bytes;
        response.ContentType = "application/octet-stream";
        response.ContentLength = output.Length;
        response.BodyWriter.Write(output);
    }
}

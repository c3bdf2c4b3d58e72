using System.Text;
using System.Text.Json;
using Granary.Api.Tests.Infernet.OnChain;

namespace Granary.Api.Tests.Infernet.Node;

/// <summary>
/// The part of an Infernet node that containers see: it runs jobs and chains, and turns answers into transactions.
/// Source: infernet-node, <c>src/orchestration/orchestrator.py</c> and <c>src/chain/processor.py</c>.
/// </summary>
internal sealed class NodeDouble(ContainerClient client)
{
    private static readonly string[] FiveKeys = ["raw_input", "processed_input", "raw_output", "processed_output", "proof"];

    /// <summary><c>POST /api/jobs</c>.</summary>
    public Task<NodeJob> RunOffChainAsync(string data, params NodeContainer[] containers) => RunAsync(1, 1, data, false, containers);

    /// <summary><c>POST /api/jobs/stream</c>: what the client gets, and the job that <c>GET /api/jobs</c> shows. Only the first container runs.</summary>
    public async Task<(string Seen, NodeJob Job)> StreamAsync(string jobId, string data, params NodeContainer[] containers)
    {
        var container = containers[0];
        var (bytes, error) = await client.StreamAsync(container, $$"""{"source": 1, "destination": 2, "data": {{data}}}""");
        var text = Encoding.UTF8.GetString(bytes);
        var result = error is null
            ? new ContainerOutput(container.Id, JsonSerializer.Serialize(new { output = text }), null)
            : new ContainerOutput(container.Id, null, error);
        return ($"{jobId}\n{text}", new NodeJob(error is null ? "success" : "failed", result, []));
    }

    /// <summary>A subscription of a chain; null when nothing is delivered.</summary>
    public Task<Delivery?> RunOnChainAsync(string hex, bool requiresProof, params NodeContainer[] containers) =>
        DeliverAsync(0, JsonSerializer.Serialize(hex), requiresProof, containers);

    /// <summary>A delegated subscription: the data came by HTTP, the answer goes to a chain.</summary>
    public Task<Delivery?> RunDelegatedAsync(string data, bool requiresProof, params NodeContainer[] containers) =>
        DeliverAsync(1, data, requiresProof, containers);

    /// <summary>What goes into the transaction. Throws where the node's own code would.</summary>
    public static Delivery? Deliver(string output)
    {
        using var document = PythonJson.TryParse(output)!;
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new InvalidOperationException($"AttributeError: '{root.ValueKind}' object has no attribute 'get'");
        // Compared as texts: a number 200 is an error to the node.
        if (root.TryGetProperty("code", out var code) && code.ValueKind != JsonValueKind.Null && !(code.ValueKind == JsonValueKind.String && code.GetString() == "200"))
            return null;
        if (!FiveKeys.All(key => root.TryGetProperty(key, out _)))
            return new Delivery([], Abi.Tuple(PythonJson.Print(root)), []);
        var values = FiveKeys.Select(key => FromHex(root.GetProperty(key))).ToArray();
        return new Delivery(Abi.Tuple(values[0], values[1]), Abi.Tuple(values[2], values[3]), values[4]);
    }

    private async Task<Delivery?> DeliverAsync(int source, string data, bool requiresProof, NodeContainer[] containers)
    {
        var job = await RunAsync(source, 0, data, requiresProof, containers);
        return job.Status == "failed" ? null : Deliver(job.Result.Output!);
    }

    /// <summary>Only the first container sees the job's source and only the last its destination; between them JSON is passed on as it came.</summary>
    private async Task<NodeJob> RunAsync(int source, int destination, string data, bool requiresProof, NodeContainer[] containers)
    {
        var outputs = new List<ContainerOutput>();
        for (var i = 0; i < containers.Length; i++)
        {
            var body = $$"""{"source": {{(i == 0 ? source : 1)}}, "destination": {{(i == containers.Length - 1 ? destination : 1)}}, "data": {{data}}, "requires_proof": {{(requiresProof ? "true" : "false")}}}""";
            var output = await client.RunAsync(containers[i], body);
            outputs.Add(output);
            if (output.IsError)
                return new NodeJob("failed", output, outputs);
            data = output.Output!;
        }

        return new NodeJob("success", outputs[^1], outputs);
    }

    /// <summary><c>bytes.fromhex</c>; null counts as nothing.</summary>
    private static byte[] FromHex(JsonElement value) => value.ValueKind == JsonValueKind.Null ? [] : Convert.FromHexString(value.GetString()!);
}

using System.Buffers;
using System.Buffers.Binary;
using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Embeddings.Remote;

/// <summary>
/// One batch on its way to the servers and back: a request for each server, whose rows then go to where they belong. Dispose it when no
/// call is under way any more: its memory is pooled.
/// </summary>
internal sealed class RemoteLookup : IDisposable
{
    private const int PairBytes = 2 * sizeof(ulong);
    private const int CountBytes = sizeof(uint);
    private readonly ReadOnlyMemory<RowGroup> _groups;
    private readonly Part[] _parts;
    private ushort[] _owners;

    /// <summary>Assigns every sign and writes the requests.</summary>
    /// <param name="groups">Stay the caller's.</param>
    /// <param name="servers">How many, at most 65,535.</param>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/>: the rows of one server exceed 2 GiB.</exception>
    public RemoteLookup(ReadOnlyMemory<RowGroup> groups, int servers)
    {
        _groups = groups;
        _parts = new Part[servers];
        var signs = 0;
        foreach (var group in groups.Span)
            signs = checked(signs + group.Signs.Length);
        _owners = ArrayPool<ushort>.Shared.Rent(signs);
        try
        {
            Assign();
            foreach (ref var part in _parts.AsSpan())
                part.Rent();
            WriteRequests();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The arguments for a server; empty when it has none of the signs.</summary>
    public ReadOnlyMemory<byte> Request(int server) => _parts[server].Count == 0 ? default : _parts[server].Request.AsMemory(0, _parts[server].RequestLength);

    /// <summary>Where its answer goes; exactly as long.</summary>
    public Memory<byte> Answer(int server) => _parts[server].Answer.AsMemory(0, _parts[server].AnswerLength);

    /// <summary>Copies the rows of all answers to where the groups want them.</summary>
    public void Scatter()
    {
        foreach (ref var part in _parts.AsSpan())
            part.Cursor = LookupAnswer.MixedHeadBytes;
        var owners = _owners.AsSpan();
        foreach (var group in _groups.Span)
        {
            var rows = group.Rows.Span;
            var rowBytes = group.Dim * sizeof(float);
            for (var i = 0; i < group.Signs.Length; i++)
            {
                ref var part = ref _parts[owners[i]];
                LookupAnswer.Copy(part.Answer.AsSpan(part.Cursor, rowBytes), rows.Slice(i * group.Dim, group.Dim));
                part.Cursor += rowBytes;
            }

            owners = owners[group.Signs.Length..];
        }
    }

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public void Dispose()
    {
        foreach (ref var part in _parts.AsSpan())
            part.Return();
        if (_owners.Length > 0)
            ArrayPool<ushort>.Shared.Return(_owners);
        _owners = [];
    }

    private void Assign()
    {
        var owners = _owners.AsSpan();
        var servers = (ulong)_parts.Length;
        foreach (var group in _groups.Span)
        {
            var signs = group.Signs.Span;
            for (var i = 0; i < signs.Length; i++)
            {
                var owner = (ushort)(FarmHash.Hash64(signs[i]) % servers);
                owners[i] = owner;
                ref var part = ref _parts[owner];
                part.Count++;
                part.Elements += group.Dim;
            }

            owners = owners[signs.Length..];
        }
    }

    private void WriteRequests()
    {
        foreach (ref var part in _parts.AsSpan())
        {
            if (part.Count == 0)
                continue;
            BinaryPrimitives.WriteInt32LittleEndian(part.Request, part.Count);
            // No training.
            part.Request[part.RequestLength - 1] = 0;
            part.Cursor = CountBytes;
        }

        var owners = _owners.AsSpan();
        foreach (var group in _groups.Span)
        {
            var signs = group.Signs.Span;
            for (var i = 0; i < signs.Length; i++)
            {
                ref var part = ref _parts[owners[i]];
                var pair = part.Request.AsSpan(part.Cursor, PairBytes);
                BinaryPrimitives.WriteUInt64LittleEndian(pair, signs[i]);
                BinaryPrimitives.WriteInt64LittleEndian(pair[sizeof(ulong)..], group.Dim);
                part.Cursor += PairBytes;
            }

            owners = owners[signs.Length..];
        }
    }

    // What concerns one server.
    private struct Part
    {
        public byte[] Request;
        public byte[] Answer;
        public int RequestLength;
        public int AnswerLength;
        public int Count;
        public long Elements;
        public int Cursor;

        public void Rent()
        {
            if (Count == 0)
                return;
            var request = CountBytes + ((long)Count * PairBytes) + sizeof(byte);
            var answer = LookupAnswer.MixedHeadBytes + (Elements * sizeof(float));
            if (Math.Max(request, answer) > Array.MaxLength)
                throw new ServingException(ServingError.TooLarge, $"the batch asks one embedding server for {answer} bytes; at most {Array.MaxLength} are possible: send fewer samples at once");
            RequestLength = (int)request;
            AnswerLength = (int)answer;
            Request = ArrayPool<byte>.Shared.Rent(RequestLength);
            Answer = ArrayPool<byte>.Shared.Rent(AnswerLength);
        }

        public void Return()
        {
            if (Request is not null)
                ArrayPool<byte>.Shared.Return(Request);
            if (Answer is not null)
                ArrayPool<byte>.Shared.Return(Answer);
            Request = Answer = null!;
        }
    }
}

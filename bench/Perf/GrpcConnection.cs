using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Granary.Bench.Perf;

/// <summary>
/// Just enough HTTP/2 for unary calls one after the other: literal headers that the server may index, flow control both ways.
/// An answer without a message counts as refused. Source: RFC 9113, RFC 7541, the gRPC protocol over HTTP/2.
/// </summary>
internal sealed class GrpcConnection : IConnection
{
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, EndHeaders = 4, Ack = 1;
    private const int FrameHead = 9, MaxFrame = 16 * 1024, Window = 1 << 30;
    private readonly Socket _socket;
    private readonly byte[] _message;
    private readonly byte[] _firstHeaders;
    private readonly byte[] _laterHeaders;
    private readonly byte[] _received = GC.AllocateUninitializedArray<byte>(256 * 1024);
    private byte[] _sent = new byte[1024];
    private int _start, _end;
    private int _stream = -1;
    private long _connectionWindow = 65535, _initialWindow = 65535, _streamWindow;
    private int _consumed;

    private GrpcConnection(Socket socket, string authority, byte[] message)
    {
        _socket = socket;
        _message = message;
        (string Name, string Value)[] own = [(":path", "/inference.GRPCInferenceService/ModelInfer"), (":authority", authority), ("content-type", "application/grpc"), ("te", "trailers")];
        // 3 and 6 of the static table: POST and http.
        List<byte> first = [0x83, 0x86];
        foreach (var (name, value) in own)
            first.AddRange([0x40, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)]);
        _firstHeaders = [.. first];
        _laterHeaders = [0x83, 0x86, .. own.Select((_, index) => (byte)(0x80 | (62 + own.Length - 1 - index)))];
    }

    public static async Task<GrpcConnection> OpenAsync(Arguments arguments, byte[] message)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(arguments.Host, arguments.Port);
        var connection = new GrpcConnection(socket, $"{arguments.Host}:{arguments.Port}", message);
        // Our windows are wide open, so that the server never waits for us: INITIAL_WINDOW_SIZE and one update of the connection's.
        byte[] settings = [0, 4, .. Big(Window)];
        byte[] opening = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, settings), .. Frame(WindowUpdate, 0, 0, Big(Window - 65535))];
        await connection.SendAsync(opening, default);
        return connection;
    }

    public async Task<bool> AskAsync(CancellationToken cancellation)
    {
        var first = _stream < 0;
        _stream = first ? 1 : _stream + 2;
        _streamWindow = _initialWindow;
        var length = Fill(first ? _firstHeaders : _laterHeaders, out var taken);
        await SendAsync(_sent.AsMemory(0, length), cancellation);
        var answered = false;
        while (true)
        {
            while (taken < _message.Length && Math.Min(_connectionWindow, _streamWindow) > 0)
            {
                length = FillData(0, ref taken);
                await SendAsync(_sent.AsMemory(0, length), cancellation);
            }

            var (type, flags, stream, payload) = await ReadFrameAsync(cancellation);
            if (type == Data && stream == _stream)
                answered |= payload > 0;
            if ((type == Reset && stream == _stream) || type == GoAway)
                return false;
            if (type is Data or Headers && stream == _stream && (flags & EndStream) != 0)
                return answered;
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Headers and as much of the message as the windows allow, in one piece.</summary>
    private int Fill(byte[] headers, out int taken)
    {
        taken = 0;
        Reserve(FrameHead + headers.Length);
        WriteHead(0, headers.Length, Headers, EndHeaders);
        headers.CopyTo(_sent, FrameHead);
        return FillData(FrameHead + headers.Length, ref taken);
    }

    private int FillData(int at, ref int taken)
    {
        while (taken < _message.Length)
        {
            var piece = (int)Math.Min(Math.Min(_message.Length - taken, MaxFrame), Math.Min(_connectionWindow, _streamWindow));
            if (piece <= 0)
                break;
            Reserve(at + FrameHead + piece);
            WriteHead(at, piece, Data, taken + piece == _message.Length ? EndStream : (byte)0);
            _message.AsSpan(taken, piece).CopyTo(_sent.AsSpan(at + FrameHead));
            at += FrameHead + piece;
            taken += piece;
            _connectionWindow -= piece;
            _streamWindow -= piece;
        }

        return at;
    }

    private void Reserve(int bytes)
    {
        if (_sent.Length < bytes)
            Array.Resize(ref _sent, bytes * 2);
    }

    private void WriteHead(int at, int length, byte type, byte flags)
    {
        BinaryPrimitives.WriteInt32BigEndian(_sent.AsSpan(at), length << 8 | type);
        _sent[at + 4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(_sent.AsSpan(at + 5), _stream);
    }

    private async ValueTask<(byte Type, byte Flags, int Stream, int Payload)> ReadFrameAsync(CancellationToken cancellation)
    {
        await NeedAsync(FrameHead, cancellation);
        var head = _received.AsSpan(_start, FrameHead);
        var (length, type, flags, stream) = (BinaryPrimitives.ReadInt32BigEndian(head) >>> 8, head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head[5..]));
        _start += FrameHead;
        await NeedAsync(length, cancellation);
        await HandleAsync(type, flags, stream, length, cancellation);
        _start += length;
        return (type, flags, stream, length);
    }

    private async ValueTask HandleAsync(byte type, byte flags, int stream, int length, CancellationToken cancellation)
    {
        var payload = _received.AsMemory(_start, length);
        switch (type)
        {
            case Settings when (flags & Ack) == 0:
                for (var i = 0; i + 6 <= length; i += 6)
                {
                    if (BinaryPrimitives.ReadUInt16BigEndian(payload.Span[i..]) == 4)
                        ChangeInitialWindow(BinaryPrimitives.ReadInt32BigEndian(payload.Span[(i + 2)..]));
                }

                await SendAsync(Frame(Settings, Ack, 0, []), cancellation);
                break;
            case Ping when (flags & Ack) == 0:
                await SendAsync(Frame(Ping, Ack, 0, payload.ToArray()), cancellation);
                break;
            case WindowUpdate when stream == 0:
                _connectionWindow += BinaryPrimitives.ReadInt32BigEndian(payload.Span);
                break;
            case WindowUpdate when stream == _stream:
                _streamWindow += BinaryPrimitives.ReadInt32BigEndian(payload.Span);
                break;
            case Data:
                _consumed += length;
                if (_consumed > Window / 2)
                {
                    await SendAsync(Frame(WindowUpdate, 0, 0, Big(_consumed)), cancellation);
                    _consumed = 0;
                }

                break;
        }
    }

    private void ChangeInitialWindow(int window)
    {
        _streamWindow += window - _initialWindow;
        _initialWindow = window;
    }

    private async ValueTask NeedAsync(int bytes, CancellationToken cancellation)
    {
        if (_received.Length - _start < bytes)
        {
            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            (_start, _end) = (0, _end - _start);
        }

        while (_end - _start < bytes)
        {
            var read = await _socket.ReceiveAsync(_received.AsMemory(_end), cancellation);
            _end += read > 0 ? read : throw new IOException("the server closed the connection");
        }

        if (_start == _end)
            (_start, _end) = (0, 0);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, cancellation)..];
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload) => [.. Big(payload.Length)[1..], type, flags, .. Big(stream), .. payload];

    private static byte[] Big(int number) => [(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];
}

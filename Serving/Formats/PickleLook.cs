using System.Buffers.Binary;
using System.Text;
using Granary.Serving.Formats.Pickles;

namespace Granary.Serving.Formats;

/// <summary>
/// Walks over the opcodes of a pickle without executing any, to tell a module from a dictionary of tensors. Source: CPython's
/// <c>Lib/pickletools.py</c>, protocols 0 to 5.
/// </summary>
internal ref struct PickleLook(ReadOnlySpan<byte> pickle)
{
    private const int MaxName = 200;
    private ReadOnlySpan<byte> _rest = pickle;
    private bool _outermost = true;
    private string? _module;
    private string? _name;

    /// <summary>The first class in the pickle that is neither a tensor nor a container; null when there is none in what was read.</summary>
    public string? ForeignClass { get; private set; }

    /// <summary>Whether the outermost value is a dictionary.</summary>
    public bool IsDictionary { get; private set; }

    /// <summary>Looks at a pickle, or at its beginning.</summary>
    public static PickleLook At(ReadOnlySpan<byte> pickle)
    {
        var look = new PickleLook(pickle);
        while (look.ForeignClass is null && look.Step())
        {
        }

        return look;
    }

    private bool Step()
    {
        if (_rest.IsEmpty)
            return false;
        var code = _rest[0];
        _rest = _rest[1..];
        // Headers, texts and memo entries come before the outermost value; anything else is that value or inside it.
        var first = _outermost;
        _outermost &= code is 0x80 or 0x95 or 0x94 or 0x8c or (byte)'X' or (byte)'U' or (byte)'q' or (byte)'r' or (byte)'p';
        switch (code)
        {
            case (byte)'.':
                return false;
            case (byte)'c' or (byte)'i':
                return Line(out var module) && Line(out var name) && Global(Text(module), Text(name), first);
            case 0x93:
                return _module is not null && _name is not null && Global(_module, _name, first);
            case (byte)'}':
                IsDictionary |= first;
                return true;
            case (byte)'F' or (byte)'I' or (byte)'L' or (byte)'P' or (byte)'g' or (byte)'p':
                return Line(out _);
            case (byte)'S' or (byte)'V':
                return Line(out var line) && Remember(line.Trim((byte)'\''));
            case (byte)'K' or (byte)'q' or (byte)'h' or 0x80 or 0x82:
                return Skip(1);
            case (byte)'M' or 0x83:
                return Skip(2);
            case (byte)'J' or (byte)'r' or (byte)'j' or 0x84:
                return Skip(4);
            case (byte)'G' or 0x95:
                return Skip(8);
            case 0x8a or (byte)'C':
                return Counted(1, remember: false);
            case (byte)'U' or 0x8c:
                return Counted(1, remember: true);
            case 0x8b or (byte)'B':
                return Counted(4, remember: false);
            case (byte)'T' or (byte)'X':
                return Counted(4, remember: true);
            case 0x8e or 0x96:
                return Counted(8, remember: false);
            case 0x8d:
                return Counted(8, remember: true);
            default:
                return IsPlain(code);
        }
    }

    /// <summary>Opcodes without an argument; anything else is no pickle.</summary>
    private static bool IsPlain(byte code) => "(012NabdeostuQR]l)".Contains((char)code) || code is >= 0x81 and <= 0x98;

    private bool Global(string module, string name, bool first)
    {
        if (module == "collections" && name is "OrderedDict" or "defaultdict")
            IsDictionary |= first;
        else if (!IsHarmless(module, name))
            ForeignClass = $"{module}.{name}";
        return true;
    }

    private static bool IsHarmless(string module, string name) => module switch
    {
        "torch._utils" => name.StartsWith("_rebuild", StringComparison.Ordinal),
        "torch" => name.EndsWith("Storage", StringComparison.Ordinal) || char.IsAsciiLetterLower(name[0]) || name is "Size" or "Tensor",
        "torch.storage" or "torch._tensor" or "torch.serialization" or "_codecs" or "builtins" or "__builtin__" or "collections" => true,
        "torch.nn.parameter" => true,
        _ => module.StartsWith("numpy", StringComparison.Ordinal),
    };

    private bool Line(out ReadOnlySpan<byte> line)
    {
        var end = _rest.IndexOf((byte)'\n');
        line = end < 0 ? default : _rest[..end];
        if (end < 0)
            return false;
        _rest = _rest[(end + 1)..];
        return true;
    }

    private bool Skip(long count)
    {
        if (count < 0 || count > _rest.Length)
            return false;
        _rest = _rest[(int)count..];
        return true;
    }

    private bool Counted(int width, bool remember)
    {
        if (_rest.Length < width)
            return false;
        long count = width switch
        {
            1 => _rest[0],
            4 => BinaryPrimitives.ReadUInt32LittleEndian(_rest),
            _ => BinaryPrimitives.ReadInt64LittleEndian(_rest),
        };
        _rest = _rest[width..];
        if (count < 0 || count > _rest.Length)
            return false;
        if (remember)
            Remember(_rest[..(int)count]);
        _rest = _rest[(int)count..];
        return true;
    }

    /// <summary>The last two texts are what a STACK_GLOBAL means, in every pickle that CPython writes.</summary>
    private bool Remember(ReadOnlySpan<byte> text)
    {
        _module = _name;
        _name = Text(text);
        return true;
    }

    /// <summary>Short and printable, because it may go into a message.</summary>
    private static string Text(ReadOnlySpan<byte> bytes) => PrintableText.Of(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxName)]));
}

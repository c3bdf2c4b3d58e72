using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Granary.Serving.Tests.Formats.Archives;

/// <summary>Writes gzipped tar files byte by byte, so that they can lie.</summary>
internal sealed class TarForge
{
    private readonly MemoryStream _tar = new();

    /// <summary>An archive below <c>m/</c> with one more entry.</summary>
    public static byte[] With(Action<TarForge> more)
    {
        var forge = new TarForge().Add("m/model.pt", [1, 2, 3]).Add("m/MAR-INF/MANIFEST.json", Encoding.UTF8.GetBytes(ZipForge.Manifest));
        more(forge);
        return forge.ToArray();
    }

    public TarForge Add(string name, byte[] content, char type = '0', string link = "", long? size = null, bool wrongSum = false)
    {
        var header = new byte[512];
        Encoding.UTF8.GetBytes(name, header.AsSpan(0, 100));
        Encoding.ASCII.GetBytes("0000644\0" + "0000000\0" + "0000000\0").CopyTo(header, 100);
        Encoding.ASCII.GetBytes(Convert.ToString(size ?? content.Length, 8).PadLeft(11, '0') + "\0").CopyTo(header, 124);
        Encoding.ASCII.GetBytes("00000000000\0").CopyTo(header, 136);
        header[156] = (byte)type;
        Encoding.UTF8.GetBytes(link, header.AsSpan(157, 100));
        Encoding.ASCII.GetBytes("ustar\0" + "00").CopyTo(header, 257);
        var sum = header.Sum(static value => value) + (8 * ' ') + (wrongSum ? 1 : 0);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        _tar.Write(header);
        _tar.Write(content);
        _tar.Write(new byte[-content.Length & 511]);
        return this;
    }

    /// <summary>A header of properties for the next entry.</summary>
    public TarForge AddPax(string key, string value)
    {
        var length = key.Length + value.Length + 3;
        length += (length + 2).ToString(CultureInfo.InvariantCulture).Length;
        return Add("PaxHeader", Encoding.UTF8.GetBytes($"{length} {key}={value}\n"), 'x');
    }

    public byte[] ToArray(bool withEnd = true)
    {
        if (withEnd)
            _tar.Write(new byte[1024]);
        return Gzip(_tar.ToArray());
    }

    public static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(content);
        return packed.ToArray();
    }
}

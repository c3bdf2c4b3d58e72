using System.Numerics;

namespace Granary.Api.Infernet.Receipts;

/// <summary>
/// What .NET does not tell of a secp256k1 signature: on which side the nonce's point lies, which <c>ecrecover</c> needs. It is computed
/// as a check of the signature is, from public numbers only, so its running time tells nothing of the key.
/// Source: SEC 1, section 4.1.4; SEC 2, section 2.4.1.
/// </summary>
internal sealed class Secp256k1
{
    private const int WindowBits = 4;
    private const int Windows = 256 / WindowBits;

    /// <summary>Order of the group.</summary>
    public static readonly BigInteger Order = Parse("0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141");

    private static readonly BigInteger Field = Parse("0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F");
    private static readonly Affine[] OfGenerator = Multiples(new Affine(
        Parse("079BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798"),
        Parse("0483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8")));

    private readonly Affine[] _ofKey;

    /// <summary>Prepares for signatures of one key; about 40 ms.</summary>
    public Secp256k1(BigInteger publicX, BigInteger publicY)
    {
        _ofKey = Multiples(new Affine(publicX, publicY));
    }

    /// <summary>Whether the nonce's point of a signature has an odd y; null when the signature is not of this key and digest.</summary>
    public bool? IsNonceOdd(BigInteger digest, BigInteger r, BigInteger s)
    {
        var inverse = BigInteger.ModPow(s, Order - 2, Order);
        var sum = new Jacobian(BigInteger.One, BigInteger.One, BigInteger.Zero);
        Accumulate(ref sum, OfGenerator, digest * inverse % Order);
        Accumulate(ref sum, _ofKey, r * inverse % Order);
        if (sum.Z.IsZero)
            return null;
        var point = ToAffine([sum])[0];
        // An x beyond the order, one in 2^128, would need another recovery number; it counts as wrong and is signed anew.
        return point.X == r ? !point.Y.IsEven : null;
    }

    private static void Accumulate(ref Jacobian sum, Affine[] multiples, BigInteger scalar)
    {
        Span<byte> bytes = stackalloc byte[33];
        bytes.Clear();
        scalar.TryWriteBytes(bytes, out _);
        for (var window = 0; window < Windows; window++)
        {
            var digit = (bytes[window / 2] >> (window % 2 * WindowBits)) & 15;
            if (digit != 0)
                sum = Add(sum, multiples[(window * 16) + digit]);
        }
    }

    /// <summary>For every window w and digit d the point d · 16^w · P.</summary>
    private static Affine[] Multiples(Affine point)
    {
        var points = new Jacobian[Windows * 16];
        var start = new Jacobian(point.X, point.Y, BigInteger.One);
        for (var window = 0; window < Windows; window++)
        {
            var step = ToAffine([start])[0];
            points[window * 16] = new Jacobian(BigInteger.One, BigInteger.One, BigInteger.Zero);
            points[(window * 16) + 1] = start;
            points[(window * 16) + 2] = Double(start);
            for (var digit = 3; digit < 16; digit++)
                points[(window * 16) + digit] = Add(points[(window * 16) + digit - 1], step);
            start = Double(points[(window * 16) + 8]);
        }

        return ToAffine(points);
    }

    /// <summary>One inversion for all of them (Montgomery's trick); infinity becomes nothing.</summary>
    private static Affine[] ToAffine(ReadOnlySpan<Jacobian> points)
    {
        var before = new BigInteger[points.Length];
        var product = BigInteger.One;
        for (var i = 0; i < points.Length; i++)
        {
            before[i] = product;
            if (!points[i].Z.IsZero)
                product = product * points[i].Z % Field;
        }

        var inverse = BigInteger.ModPow(product, Field - 2, Field);
        var affine = new Affine[points.Length];
        for (var i = points.Length - 1; i >= 0; i--)
        {
            if (points[i].Z.IsZero)
                continue;
            var z = inverse * before[i] % Field;
            inverse = inverse * points[i].Z % Field;
            var square = z * z % Field;
            affine[i] = new Affine(points[i].X * square % Field, points[i].Y * square % Field * z % Field);
        }

        return affine;
    }

    // y² = x³ + 7; formulas "dbl-2009-l" and "madd" of hyperelliptic.org/EFD for a = 0.
    private static Jacobian Double(in Jacobian p)
    {
        var a = p.X * p.X % Field;
        var b = p.Y * p.Y % Field;
        var d = 4 * p.X * b % Field;
        var e = 3 * a;
        var x = Modulo((e * e) - (2 * d));
        return new Jacobian(x, Modulo((e * (d - x)) - (8 * b * b)), 2 * p.Y * p.Z % Field);
    }

    private static Jacobian Add(in Jacobian p, in Affine q)
    {
        if (p.Z.IsZero)
            return new Jacobian(q.X, q.Y, BigInteger.One);
        var square = p.Z * p.Z % Field;
        var h = Modulo((q.X * square) - p.X);
        var r = Modulo((q.Y * square % Field * p.Z) - p.Y);
        if (h.IsZero)
            return r.IsZero ? Double(p) : new Jacobian(BigInteger.One, BigInteger.One, BigInteger.Zero);
        var hh = h * h % Field;
        var hhh = hh * h % Field;
        var v = p.X * hh % Field;
        var x = Modulo((r * r) - hhh - (2 * v));
        return new Jacobian(x, Modulo((r * (v - x)) - (p.Y * hhh)), p.Z * h % Field);
    }

    private static BigInteger Modulo(BigInteger value)
    {
        var rest = value % Field;
        return rest.Sign < 0 ? rest + Field : rest;
    }

    private static BigInteger Parse(string hex) => BigInteger.Parse(hex, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);

    private readonly record struct Affine(BigInteger X, BigInteger Y);

    private readonly record struct Jacobian(BigInteger X, BigInteger Y, BigInteger Z);
}

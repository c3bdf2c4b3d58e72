using System.Globalization;
using System.Text;

namespace Granary.Bench.Micro;

/// <summary>Request bodies like those that clients send.</summary>
internal static class Bodies
{
    /// <summary>A body with <paramref name="count"/> values in [-1, 1).</summary>
    /// <param name="count">How many values.</param>
    /// <param name="separator">What stands between two values.</param>
    /// <param name="printed">How the values are printed.</param>
    public static byte[] Floats(int count, string separator, Printed printed)
    {
        var random = new Random(7);
        var text = new StringBuilder("{\"source\":1,\"destination\":1,\"data\":{\"dtype\":\"float\",\"values\":[");
        for (var i = 0; i < count; i++)
        {
            var value = (random.NextDouble() * 2) - 1;
            text.Append(i == 0 ? string.Empty : separator).Append(printed switch
            {
                Printed.Double => value.ToString("R", CultureInfo.InvariantCulture),
                Printed.WidenedSingle => ((double)(float)value).ToString("R", CultureInfo.InvariantCulture),
                _ => ((float)value).ToString("R", CultureInfo.InvariantCulture),
            });
        }

        return Encoding.UTF8.GetBytes(text.Append("]}}").ToString());
    }

    /// <summary>A body of pixels: whole numbers from 0 to 255.</summary>
    public static byte[] Pixels(int count)
    {
        var random = new Random(7);
        var text = new StringBuilder("{\"source\":1,\"destination\":1,\"data\":{\"dtype\":\"uint8\",\"values\":[");
        for (var i = 0; i < count; i++)
            text.Append(i == 0 ? string.Empty : ", ").Append(random.Next(256));
        return Encoding.UTF8.GetBytes(text.Append("]}}").ToString());
    }
}

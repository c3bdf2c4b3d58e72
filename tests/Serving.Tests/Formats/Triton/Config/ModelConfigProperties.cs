using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Granary.Serving.Formats.Triton.Config;

namespace Granary.Serving.Tests.Formats.Triton.Config;

/// <summary>What holds for every configuration, not only for those that somebody thought of.</summary>
public sealed partial class ModelConfigProperties
{
    private const string Odd = "{}[]<>:,;\"'\\#-.0x1e_ \n";
    private const string Letters = "ab \"\\\n\t\u0001\u007fé{}#";

    [Fact]
    public void Write_RandomConfigs_ReadBackAsTheSame()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var config = (ModelConfig)Make(typeof(ModelConfig), new Random(seed), 0);
            var json = ModelConfigCodec.ToJson(config);

            var text = ModelConfigCodec.ToText(config);

            Assert.Equal(json, ModelConfigCodec.ToJson(ModelConfigCodec.ParseText(Encoding.UTF8.GetBytes(text), "f")));
            Assert.Equal(json, ModelConfigCodec.ToJson(ModelConfigCodec.ParseJson(json)));
        }
    }

    [Fact]
    public void ParseText_MutatedFiles_FailWithLineAndColumnOrNotAtAll()
    {
        var original = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Formats", "Triton", "Golden", "everything.pbtxt"));
        var random = new Random(1);
        var refused = 0;
        for (var i = 0; i < 5000; i++)
        {
            var bytes = Mutate(original, random);
            try
            {
                ModelConfigCodec.ParseText(bytes, "m/config.pbtxt");
            }
            catch (ServingException error)
            {
                refused++;
                Assert.Equal(ServingError.InvalidArgument, error.Error);
                var place = Place().Match(error.Message);
                Assert.True(place.Success, error.Message);
                Assert.InRange(int.Parse(place.Groups[1].Value, null), 1, bytes.AsSpan().Count((byte)'\n') + 1);
                Assert.InRange(int.Parse(place.Groups[2].Value, null), 1, bytes.Length + 1);
            }
        }

        Assert.InRange(refused, 1000, 4999);
    }

    [Fact]
    public void ParseJson_MutatedTexts_FailAsInvalidOrNotAtAll()
    {
        var config = ModelConfigCodec.ParseText(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Formats", "Triton", "Golden", "everything.pbtxt")), "f");
        var original = Encoding.UTF8.GetBytes(ModelConfigCodec.ToJson(config));
        var random = new Random(2);
        var refused = 0;
        for (var i = 0; i < 5000; i++)
        {
            try
            {
                ModelConfigCodec.ParseJson(Encoding.Latin1.GetString(Mutate(original, random)));
            }
            catch (ServingException error)
            {
                refused++;
                Assert.Equal(ServingError.InvalidArgument, error.Error);
            }
        }

        Assert.InRange(refused, 1000, 4999);
    }

    [GeneratedRegex(@"^m/config\.pbtxt:(\d+):(\d+): .")]
    private static partial Regex Place();

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.Insert(at, (byte)Odd[random.Next(Odd.Length)]);
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count / 2), random.Next(1, 40)));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A record with random properties; of a choice at most one member.</summary>
    private static object Make(Type type, Random random, int depth)
    {
        var message = Activator.CreateInstance(type)!;
        var chosen = new HashSet<string>();
        foreach (var property in type.GetProperties().Where(property => property.CanWrite).OrderBy(_ => random.Next()))
        {
            if (random.Next(3) == 0)
                continue;
            var choice = property.GetCustomAttribute<OneOfAttribute>()?.Choice;
            if (choice is not null && !chosen.Add(choice))
                continue;
            property.SetValue(message, MakeValue(property.PropertyType, random, depth));
        }

        return message;
    }

    private static object? MakeValue(Type type, Random random, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return new string([.. Enumerable.Range(0, random.Next(6)).Select(_ => Letters[random.Next(Letters.Length)])]);
        if (type == typeof(bool))
            return random.Next(2) == 0;
        if (type == typeof(float))
            return random.Next(3) == 0 ? float.NegativeInfinity : random.NextSingle();
        if (type == typeof(double))
            return random.Next(3) == 0 ? double.NaN : random.NextDouble() * Math.Pow(10, random.Next(-300, 300));
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(random.Next(Enum.GetValues(type).Length));
        if (type == typeof(int))
            return random.Next(int.MinValue, int.MaxValue);
        if (type == typeof(uint))
            return (uint)random.NextInt64(uint.MaxValue);
        if (type == typeof(long))
            return random.NextInt64(long.MinValue, long.MaxValue);
        if (type == typeof(ulong))
            return (ulong)random.NextInt64() * 2;
        if (!type.IsGenericType)
            return depth > 5 ? null : Make(type, random, depth + 1);
        return MakeMany(type, random, depth);
    }

    private static object MakeMany(Type type, Random random, int depth)
    {
        var count = depth > 3 ? 0 : random.Next(3);
        if (type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(type.GenericTypeArguments))!;
            for (var i = 0; i < count; i++)
                list.Add(MakeValue(type.GenericTypeArguments[0], random, depth));
            return list;
        }

        var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(type.GenericTypeArguments))!;
        for (var i = 0; i < count; i++)
            map[MakeValue(type.GenericTypeArguments[0], random, depth)!] = MakeValue(type.GenericTypeArguments[1], random, depth);
        return map;
    }
}

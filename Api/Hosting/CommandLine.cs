namespace Granary.Api.Hosting;

/// <summary>What the command line says: configuration entries, and every mistake in it.</summary>
internal sealed record CommandLine(IReadOnlyDictionary<string, string?> Configuration, IReadOnlyList<string> Errors, bool HelpWanted)
{
    /// <summary>Reads the arguments. Flags come as <c>--name=value</c>, <c>--name value</c> or <c>-n value</c>;
    /// <c>--Section:Key=value</c> sets that configuration key.</summary>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var parser = new Parser();
        for (var i = 0; i < arguments.Count;)
            i = parser.Take(arguments, i);
        return new CommandLine(parser.Configuration, parser.Errors, parser.HelpWanted);
    }

    private sealed class Parser
    {
        private readonly Dictionary<string, int> _counts = [];

        public Dictionary<string, string?> Configuration { get; } = new(StringComparer.OrdinalIgnoreCase);

        public List<string> Errors { get; } = [];

        public bool HelpWanted { get; private set; }

        /// <summary>Reads the argument at <paramref name="index"/>, and its value; returns the index of the next one.</summary>
        public int Take(IReadOnlyList<string> arguments, int index)
        {
            var argument = arguments[index];
            var equals = argument.IndexOf('=');
            var name = equals < 0 ? argument : argument[..equals];
            if (name is "--help" or "-h")
            {
                HelpWanted = true;
                return index + 1;
            }

            var isKey = name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':');
            var option = CommandLineOptions.Find(name);
            if (option is null && !isKey)
            {
                Errors.Add($"unknown option '{argument}'; known are {CommandLineOptions.Names}; --help explains them");
                return index + 1;
            }

            var inline = equals >= 0;
            if (option is { Switch: { } alone } && !inline)
            {
                Set(option, alone);
                return index + 1;
            }

            if (!inline && (index + 1 == arguments.Count || IsFlag(arguments[index + 1])))
            {
                Errors.Add($"{name} needs a value: {name}={option?.Value ?? "VALUE"}");
                return index + 1;
            }

            if (option is { TakesMany: true })
                return TakeMany(option, arguments, index, inline ? argument[(equals + 1)..] : null);
            var value = inline ? argument[(equals + 1)..] : arguments[index + 1];
            if (option is null)
                Configuration[name[2..]] = value;
            else
                Set(option, value);
            return index + (inline ? 1 : 2);
        }

        private int TakeMany(CommandLineOption option, IReadOnlyList<string> arguments, int index, string? inline)
        {
            if (inline is not null)
                Set(option, inline);
            for (index++; index < arguments.Count && !IsFlag(arguments[index]); index++)
                Set(option, arguments[index]);
            return index;
        }

        private void Set(CommandLineOption option, string value)
        {
            if (option.Check(value) is { } error)
            {
                Errors.Add($"{option.Name}: {error}");
                return;
            }

            var key = option.Key;
            value = option.Convert?.Invoke(value) ?? value;
            if (option.Split is { } split)
            {
                (var below, value) = split(value);
                key = $"{key}:{below}";
            }

            var count = _counts.GetValueOrDefault(key);
            _counts[key] = count + 1;
            if (option.Repeatable)
                Configuration[$"{key}:{count}"] = value;
            else if (count > 0)
                Errors.Add($"{option.Name} is given more than once");
            else
                Configuration[key] = value;
        }

        private static bool IsFlag(string argument) => argument.Length > 1 && argument[0] == '-' && !char.IsAsciiDigit(argument[1]);
    }
}

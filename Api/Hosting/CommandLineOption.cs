namespace Granary.Api.Hosting;

/// <summary>One start-up flag and the configuration key that it sets.</summary>
/// <param name="Name">With its dashes, such as <c>--bind</c>.</param>
/// <param name="Short">The one-letter form, or null.</param>
/// <param name="Value">What stands for the value in the help, such as <c>HOST:PORT</c>.</param>
/// <param name="Key">Configuration key; a repeatable flag sets <c>Key:0</c>, <c>Key:1</c> …</param>
/// <param name="Help">One line.</param>
internal sealed record CommandLineOption(string Name, string? Short, string Value, string Key, string Help)
{
    /// <summary>May be given several times.</summary>
    public bool Repeatable { get; init; }

    /// <summary>What the flag sets when it stands alone; null when it needs a value.</summary>
    public string? Switch { get; init; }

    /// <summary>Takes every argument up to the next flag.</summary>
    public bool TakesMany { get; init; }

    /// <summary>Splits a value into a key below <see cref="Key"/> and what is set there; null when the value is set as it is.</summary>
    public Func<string, (string Key, string Value)>? Split { get; init; }

    /// <summary>Turns a value into what the configuration holds; null when it is set as it is.</summary>
    public Func<string, string>? Convert { get; init; }

    /// <summary>Says what is wrong with a value; null when it is fine.</summary>
    public Func<string, string?> Check { get; init; } = static text => text.Length == 0 ? "the value is empty" : null;
}

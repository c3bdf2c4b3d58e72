using System.Reflection;
using Granary.Grains.Interfaces;

namespace Granary.Grains.Tests;

/// <summary>
/// What crosses machines: a renamed, renumbered or retyped member fails here. To change the contracts on purpose, run the test
/// and copy Contracts.actual.txt, which it writes beside the assembly, over Contracts.txt.
/// </summary>
public sealed class ContractTests
{
    [Fact]
    public void Contracts_OfTheAssembly_AreThoseOfTheSnapshot()
    {
        var expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Contracts.txt"));

        var actual = Describe();
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "Contracts.actual.txt"), actual);

        Assert.Equal(expected, actual);
    }

    private static string Describe()
    {
        var lines = new List<string>();
        foreach (var type in typeof(IModelGrain).Assembly.GetTypes().Concat(typeof(GranaryGrainsExtensions).Assembly.GetTypes()))
        {
            if (type.GetCustomAttribute<AliasAttribute>() is not { } alias || !alias.Alias.StartsWith("granary.", StringComparison.Ordinal))
                continue;
            lines.Add(alias.Alias);
            const BindingFlags Members = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
            foreach (var member in type.GetMembers(Members))
            {
                var memberType = member switch { PropertyInfo property => property.PropertyType, FieldInfo field => field.FieldType, _ => null };
                if (member.GetCustomAttribute<IdAttribute>() is { } id && memberType is not null)
                    lines.Add($"{alias.Alias} {id.Id} {member.Name} {Name(memberType)}");
                else if (member is MethodInfo method && method.GetCustomAttribute<AliasAttribute>() is { } methodAlias)
                    lines.Add($"{alias.Alias} {methodAlias.Alias}({string.Join(", ", method.GetParameters().Select(one => Name(one.ParameterType)))}) {Name(method.ReturnType)}");
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines) + "\n";
    }

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GenericTypeArguments.Select(Name))}>"
        : type.Name;
}

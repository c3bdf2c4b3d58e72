using Granary.Serving.Models;

namespace Granary.Serving.Handlers;

/// <summary>Handlers that front ends look for.</summary>
public static class HandlerNames
{
    /// <summary>Changes no value: a V1 request is answered in the form of V2.</summary>
    public const string V2Reply = "v2-reply";

    /// <summary>Whether the chain of a definition has a handler.</summary>
    public static bool HasHandler(this ModelDefinition definition, string name)
    {
        foreach (var handler in definition.Handlers)
        {
            if (handler.Name == name)
                return true;
        }

        return false;
    }
}

using Granary.Serving;

namespace Granary.Api.TorchServing;

/// <summary>Which of torch-serving's error texts a value gets.</summary>
internal enum TypedFaultKind
{
    /// <summary>The JSON is not of the protocol's form.</summary>
    Form,

    /// <summary>Shape and number of values disagree.</summary>
    Shape,

    /// <summary>The data type is unknown or does not take the value.</summary>
    DataType,
}

/// <summary>Goes along inside a <see cref="ServingException"/> about a value in torch-serving's form; the message is torch-serving's own.</summary>
internal sealed class TypedFault(TypedFaultKind kind, string message) : Exception(message)
{
    /// <summary>What kind.</summary>
    public TypedFaultKind Kind { get; } = kind;

    /// <summary>The JSON is not of the protocol's form.</summary>
    public static ServingException Form(string message) => Make(TypedFaultKind.Form, message);

    /// <summary>Shape and number of values disagree.</summary>
    public static ServingException Shape(string message) => Make(TypedFaultKind.Shape, message);

    /// <summary>The data type is unknown or does not take the value.</summary>
    public static ServingException DataType(string message) => Make(TypedFaultKind.DataType, message);

    /// <summary>The fault inside an exception; null when it is about something else.</summary>
    public static TypedFault? Find(Exception exception)
    {
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is TypedFault fault)
                return fault;
        }

        return null;
    }

    private static ServingException Make(TypedFaultKind kind, string message) => new(ServingError.InvalidArgument, message, new TypedFault(kind, message));
}

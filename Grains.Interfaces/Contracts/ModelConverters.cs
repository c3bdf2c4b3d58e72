using Granary.Torch;

namespace Granary.Grains.Interfaces.Contracts;

[RegisterConverter]
internal sealed class ModelKeyConverter : IConverter<ModelKey, ModelKeySurrogate>
{
    public ModelKey ConvertFromSurrogate(in ModelKeySurrogate surrogate) => new(surrogate.Name, surrogate.Version);

    public ModelKeySurrogate ConvertToSurrogate(in ModelKey value) => new(value.Name, value.Version);
}

[RegisterConverter]
internal sealed class ModelIdConverter : IConverter<ModelId, ModelIdSurrogate>
{
    public ModelId ConvertFromSurrogate(in ModelIdSurrogate surrogate) => ModelIdParser.Parse(surrogate.Text);

    public ModelIdSurrogate ConvertToSurrogate(in ModelId value) => new(value.ToString());
}

[RegisterConverter]
internal sealed class TensorSpecConverter : IConverter<TensorSpec, TensorSpecSurrogate>
{
    public TensorSpec ConvertFromSurrogate(in TensorSpecSurrogate surrogate) =>
        new(surrogate.Name, (DType)surrogate.DType, surrogate.Shape) { Labels = surrogate.Labels };

    public TensorSpecSurrogate ConvertToSurrogate(in TensorSpec value) =>
        new(value.Name, (byte)value.DType, [.. value.Shape], value.Labels?.ToArray());
}

[RegisterConverter]
internal sealed class HandlerSpecConverter : IConverter<HandlerSpec, HandlerSpecSurrogate>
{
    public HandlerSpec ConvertFromSurrogate(in HandlerSpecSurrogate surrogate) => new(surrogate.Name, surrogate.Parameters);

    public HandlerSpecSurrogate ConvertToSurrogate(in HandlerSpec value) => new(value.Name, value.Parameters.ToDictionary());
}

[RegisterConverter]
internal sealed class CatalogModelConverter : IConverter<CatalogModel, CatalogModelSurrogate>
{
    public CatalogModel ConvertFromSurrogate(in CatalogModelSurrogate surrogate) => new(surrogate.Name, surrogate.DefaultVersion, surrogate.Versions);

    public CatalogModelSurrogate ConvertToSurrogate(in CatalogModel value) => new(value.Name, value.DefaultVersion, [.. value.Versions]);
}

[RegisterConverter]
internal sealed class ArgumentSchemaConverter : IConverter<ArgumentSchema, ArgumentSchemaSurrogate>
{
    public ArgumentSchema ConvertFromSurrogate(in ArgumentSchemaSurrogate surrogate) =>
        new(surrogate.Name, surrogate.Type, surrogate.HasDefault, surrogate.Default);

    public ArgumentSchemaSurrogate ConvertToSurrogate(in ArgumentSchema value) => new(value.Name, value.Type, value.HasDefault, value.Default);
}

[RegisterConverter]
internal sealed class MethodSchemaConverter : IConverter<MethodSchema, MethodSchemaSurrogate>
{
    public MethodSchema ConvertFromSurrogate(in MethodSchemaSurrogate surrogate) =>
        new(surrogate.Name, surrogate.Arguments, surrogate.ReturnType) { NamedTuples = surrogate.NamedTuples ?? [] };

    public MethodSchemaSurrogate ConvertToSurrogate(in MethodSchema value) => new(value.Name, [.. value.Arguments], value.ReturnType, [.. value.NamedTuples]);
}

[RegisterConverter]
internal sealed class NamedTupleSchemaConverter : IConverter<NamedTupleSchema, NamedTupleSchemaSurrogate>
{
    public NamedTupleSchema ConvertFromSurrogate(in NamedTupleSchemaSurrogate surrogate) => new(surrogate.Name, surrogate.Fields);

    public NamedTupleSchemaSurrogate ConvertToSurrogate(in NamedTupleSchema value) => new(value.Name, [.. value.Fields]);
}

[RegisterConverter]
internal sealed class ServingExceptionConverter : IConverter<ServingException, ServingExceptionSurrogate>
{
    public ServingException ConvertFromSurrogate(in ServingExceptionSurrogate surrogate) =>
        new((ServingError)surrogate.Error, surrogate.Message) { RetryAfter = surrogate.RetryAfter };

    public ServingExceptionSurrogate ConvertToSurrogate(in ServingException value) => new((int)value.Error, value.Message, value.RetryAfter);
}

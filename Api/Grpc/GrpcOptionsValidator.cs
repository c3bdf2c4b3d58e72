using Microsoft.Extensions.Options;

namespace Granary.Api.Grpc;

/// <summary>Finds what is wrong with <see cref="GrpcOptions"/> at start.</summary>
internal sealed class GrpcOptionsValidator : IValidateOptions<GrpcOptions>
{
    public ValidateOptionsResult Validate(string? name, GrpcOptions options)
    {
        var errors = options.Validate().ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}

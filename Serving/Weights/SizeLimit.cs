using System.Globalization;
using Granary.Serving.Sources;

namespace Granary.Serving.Weights;

internal static class SizeLimit
{
    /// <summary>The error for a file over the limit of the policy.</summary>
    public static ServingException Exceeded(string id, long bytes, long limit) => new(ServingError.TooLarge, string.Create(CultureInfo.InvariantCulture,
        $"'{id}' has at least {bytes:N0} bytes, at most {limit:N0} are allowed ({SourcePolicyOptions.SectionName}:{nameof(SourcePolicyOptions.MaxFileBytes)})"));
}

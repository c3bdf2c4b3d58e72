using System.Net;
using Granary.Serving.Models;

namespace Granary.Serving.Sources;

/// <summary>What the hub's refusals mean. It tells them apart in <c>X-Error-Code</c>; mirrors may leave that out.</summary>
internal static class HuggingFaceErrors
{
    public static ServingException Refusal(ModelId id, SourceResponse response, bool hasToken)
    {
        var code = response.OriginHeader("X-Error-Code");
        return (code, response.Status) switch
        {
            ("RepoNotFound", _) => new(ServingError.NotFound, $"Hugging Face has no repository '{id.Repository}', or it is private; {Access(hasToken)}"),
            ("RevisionNotFound", _) => new(ServingError.NotFound, $"Hugging Face repository '{id.Repository}' has no revision '{id.Version ?? "main"}'"),
            ("EntryNotFound", _) => new(ServingError.NotFound, $"Hugging Face repository '{id.Repository}' has no file '{id.File}' in revision '{id.Version ?? "main"}'"),
            ("GatedRepo", _) => new(ServingError.PermissionDenied,
                $"Hugging Face repository '{id.Repository}' is gated; accept its terms on its page, and {Access(hasToken)}"),
            (_, HttpStatusCode.Unauthorized) => new(ServingError.PermissionDenied, $"Hugging Face refused '{id.Repository}' (401): it is private or the token is wrong; {Access(hasToken)}"),
            (_, HttpStatusCode.Forbidden) => new(ServingError.PermissionDenied, $"Hugging Face refused '{id.Repository}' (403); {Access(hasToken)}"),
            (_, HttpStatusCode.NotFound) => new(ServingError.NotFound, $"Hugging Face has no '{id}' (404): repository, revision or file does not exist"),
            _ => new(ServingError.SourceFailed, $"Hugging Face answered {(int)response.Status} for '{id}'"),
        };
    }

    private static string Access(bool hasToken)
        => hasToken ? "check that the token in HF_TOKEN may read it" : "if it is private, set HF_TOKEN to a token that may read it";
}

using Microsoft.Extensions.Options;

namespace Granary.Api.Infernet.Receipts;

/// <summary>Finds what is wrong with <see cref="ReceiptOptions"/> at start.</summary>
internal sealed class ReceiptOptionsValidator : IValidateOptions<ReceiptOptions>
{
    public ValidateOptionsResult Validate(string? name, ReceiptOptions options)
    {
        var errors = new List<string>();
        if (NodeCurve.Find(options.Curve) is null)
            errors.Add($"{Key(nameof(options.Curve))} is '{options.Curve}'; expected {NodeCurve.Secp256k1.Name} or {NodeCurve.P256.Name}");
        if (options.Proofs && !options.Enabled)
            errors.Add($"{Key(nameof(options.Proofs))} is true without {Key(nameof(options.Enabled))}; proofs are receipts");
        if (options.KeyFile is { } file && string.IsNullOrWhiteSpace(file))
            errors.Add($"{Key(nameof(options.KeyFile))} is empty; expected a path, or nothing for node-key.pem beside the catalog");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static string Key(string property) => $"{ReceiptOptions.SectionName}:{property}";
}

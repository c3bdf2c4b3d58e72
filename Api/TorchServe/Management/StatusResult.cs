namespace Granary.Api.TorchServe.Management;

/// <summary>What a change answers: 200, 202 or 206 and a sentence.</summary>
internal readonly record struct StatusResult(int Status, string Text);

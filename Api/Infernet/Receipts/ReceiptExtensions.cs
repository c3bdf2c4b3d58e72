using Microsoft.Extensions.Options;

namespace Granary.Api.Infernet.Receipts;

/// <summary>Receipts of answers.</summary>
internal static class ReceiptExtensions
{
    /// <summary>Registers them and checks their options at start.</summary>
    public static IServiceCollection AddReceipts(this IServiceCollection services)
    {
        services.AddOptions<ReceiptOptions>().BindConfiguration(ReceiptOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ReceiptOptions>, ReceiptOptionsValidator>();
        services.AddSingleton<NodeKeyFile>();
        services.AddSingleton<ReceiptIssuer>();
        services.AddSingleton<ReceiptKeyEndpoint>();
        return services;
    }
}

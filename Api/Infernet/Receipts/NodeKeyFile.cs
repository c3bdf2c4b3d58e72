using System.Security.Cryptography;
using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Api.Infernet.Receipts;

/// <summary>Reads the node's key from its file, or makes both.</summary>
internal sealed partial class NodeKeyFile(IOptions<ReceiptOptions> options, IOptions<CatalogOptions> catalog, ILogger<NodeKeyFile> logger)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ReadByOthers = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>The key.</summary>
    /// <exception cref="OptionsValidationException">The file cannot be read, made or used.</exception>
    public NodeKey Load()
    {
        var path = options.Value.KeyFile ?? Path.Combine(catalog.Value.Directory, "node-key.pem");
        try
        {
            var isNew = !File.Exists(path);
            if (isNew)
                Make(path);
            else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ReadByOthers) != 0)
                LogReadable(path);
            var key = NodeKey.FromPem(File.ReadAllText(path));
            LogKey(isNew ? "New" : "Using", key.Curve.Name, key.Id);
            return key;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new OptionsValidationException(nameof(ReceiptOptions), typeof(ReceiptOptions),
                [$"{ReceiptOptions.SectionName}:{nameof(ReceiptOptions.KeyFile)}: '{path}' cannot be used: {exception.Message}"]);
        }
    }

    private void Make(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            Directory.CreateDirectory(folder);
        // Another process may do the same: whoever comes first wins, and the file is whole when it gets its name.
        var draft = $"{path}.{Environment.ProcessId}";
        var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            create.UnixCreateMode = Private;
        using (var writer = new StreamWriter(draft, create))
            writer.WriteLine(NodeKey.GeneratePem(NodeCurve.Find(options.Value.Curve)!));
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Which} {Curve} key signs the receipts of this node: {Id}")]
    private partial void LogKey(string which, string curve, string id);

    [LoggerMessage(LogLevel.Warning, "Other users of this machine can read the node's key {Path}; chmod 600 it")]
    private partial void LogReadable(string path);
}

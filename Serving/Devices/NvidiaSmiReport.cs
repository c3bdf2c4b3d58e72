using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Granary.Serving.Devices;

/// <summary>Reads what <c>nvidia-smi -q -x</c> prints.</summary>
internal static class NvidiaSmiReport
{
    /// <summary>The GPUs; none when the text is no such report.</summary>
    public static AcceleratorInventory Parse(string xml)
    {
        XElement? log;
        try
        {
            // The report names a DTD that nobody needs to fetch.
            using var reader = XmlReader.Create(new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
            log = XDocument.Load(reader).Root;
        }
        catch (XmlException)
        {
            return AcceleratorInventory.None;
        }

        if (log?.Name.LocalName != "nvidia_smi_log")
            return AcceleratorInventory.None;
        var devices = log.Elements("gpu").Select((gpu, index) => new Accelerator(
            index,
            (string?)gpu.Element("product_name") ?? "NVIDIA GPU",
            Bytes(gpu.Element("fb_memory_usage")?.Element("total")),
            Bytes(gpu.Element("fb_memory_usage")?.Element("used")))).ToList();
        return new AcceleratorInventory((string?)log.Element("driver_version") ?? "", (string?)log.Element("cuda_version") ?? "", devices);
    }

    // "143771 MiB", or "N/A" where the driver does not say.
    private static long Bytes(XElement? element)
    {
        var parts = ((string?)element)?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [var number, var unit] || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            return 0;
        return unit switch
        {
            "GiB" => amount << 30,
            "MiB" => amount << 20,
            "KiB" => amount << 10,
            _ => amount,
        };
    }
}

using System.Globalization;
using System.Runtime.InteropServices;

namespace Granary.Api.Infernet;

/// <summary>What <c>/service-resources</c> tells of the host, under the names that infernet-monorepo's <c>utils/spec.py</c> uses.</summary>
internal static class HostFacts
{
    /// <summary>The processor as Linux describes it; unknown texts are empty elsewhere.</summary>
    public static CpuFacts ReadCpu()
    {
        string model = "", vendor = "";
        var cores = new List<CpuCore>();
        foreach (var line in ReadLines("/proc/cpuinfo"))
        {
            var colon = line.IndexOf(':');
            if (colon < 0)
                continue;
            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].Trim())
            {
                case "model name":
                    model = value;
                    break;
                case "vendor_id":
                    vendor = value;
                    break;
                case "cpu MHz" when double.TryParse(value, CultureInfo.InvariantCulture, out var megahertz):
                    cores.Add(new CpuCore(cores.Count, megahertz));
                    break;
            }
        }

        // Processors other than x86 show no frequency.
        for (var id = cores.Count; id < Environment.ProcessorCount; id++)
            cores.Add(new CpuCore(id, 0));
        return new CpuFacts(model, Machine(RuntimeInformation.OSArchitecture), vendor, cores);
    }

    /// <summary>The file systems on block devices, and the root; sizes in blocks of 1,024 bytes, as <c>df</c> prints them.</summary>
    /// <param name="mounts">The kernel's table. In a chroot it lists nothing that can be reached; then the root is asked directly.</param>
    public static IReadOnlyList<DiskFacts> ReadDisks(string mounts = "/proc/mounts")
    {
        var disks = new List<DiskFacts>();
        var devices = new HashSet<string>();
        foreach (var line in ReadLines(mounts))
        {
            var fields = line.Split(' ');
            // Asking a dead network mount for its size would hang.
            if (fields.Length < 3 || (!fields[0].StartsWith("/dev/", StringComparison.Ordinal) && fields[1] != "/") || !devices.Add(fields[0]))
                continue;
            if (ReadDisk(fields[0], fields[1]) is { } disk)
                disks.Add(disk);
        }

        if (disks.Count == 0 && ReadDisk("rootfs", "/") is { } root)
            disks.Add(root);
        return disks;
    }

    /// <summary>As <c>uname -m</c> says it.</summary>
    private static string Machine(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "x86_64",
        Architecture.Arm64 => "aarch64",
        _ => architecture.ToString().ToLowerInvariant(),
    };

    private static DiskFacts? ReadDisk(string device, string mountPoint)
    {
        try
        {
            var drive = new DriveInfo(mountPoint);
            return new DiskFacts(device, mountPoint, drive.TotalSize / 1024, (drive.TotalSize - drive.TotalFreeSpace) / 1024, drive.AvailableFreeSpace / 1024);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

/// <summary>One processor.</summary>
internal sealed record CpuFacts(string Model, string Architecture, string VendorId, IReadOnlyList<CpuCore> Cores);

/// <summary>One core; frequency in MHz, 0 when unknown.</summary>
internal sealed record CpuCore(int Id, double Frequency);

/// <summary>One file system; sizes in blocks of 1,024 bytes.</summary>
internal sealed record DiskFacts(string FileSystem, string MountPoint, long Size, long Used, long Available);

namespace Granary.Torch;

/// <summary>One GPU that libtorch can use.</summary>
/// <param name="Index">The <c>N</c> of <c>cuda:N</c>.</param>
/// <param name="Name">Such as <c>NVIDIA H200</c>.</param>
/// <param name="TotalBytes">Its memory.</param>
/// <param name="FreeBytes">Memory that no process uses; null until this process has loaded a model onto it.</param>
public sealed record GpuInfo(int Index, string Name, long TotalBytes, long? FreeBytes);

namespace Granary.Serving.Devices;

/// <summary>Tells which GPUs the host has. Answers from memory; a look at the driver happens in the background.</summary>
public interface IAcceleratorProbe
{
    /// <summary>The last look, at most a few seconds old once the first one is done.</summary>
    AcceleratorInventory Current { get; }
}

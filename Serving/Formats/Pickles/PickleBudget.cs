namespace Granary.Serving.Formats.Pickles;

/// <summary>Counts the memory that a pickle takes before it is taken.</summary>
/// <param name="pickleBytes">Length of the pickle: a short file gets little.</param>
internal sealed class PickleBudget(long pickleBytes)
{
    private const int BytesEach = 128;
    private const int Base = 1 << 20;
    private long _left = Math.Min(PickleLimits.ObjectBytes, Base + (pickleBytes * BytesEach));

    /// <summary>Takes a part.</summary>
    /// <exception cref="PickleException">Nothing is left.</exception>
    public void Charge(long bytes)
    {
        _left -= bytes;
        if (_left < 0)
            throw PickleException.Refused("makes more Python objects than any model needs");
    }
}

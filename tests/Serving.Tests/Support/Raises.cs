namespace Granary.Serving.Tests.Support;

internal static class Raises
{
    /// <summary>Asserts the code and returns the message.</summary>
    public static async Task<string> ServingAsync(ServingError error, Func<Task> act)
    {
        var thrown = await Assert.ThrowsAsync<ServingException>(act);
        Assert.Equal(error, thrown.Error);
        return thrown.Message;
    }

    /// <summary>Asserts the code and returns the message.</summary>
    public static string Serving(ServingError error, Action act)
    {
        var thrown = Assert.Throws<ServingException>(act);
        Assert.Equal(error, thrown.Error);
        return thrown.Message;
    }
}

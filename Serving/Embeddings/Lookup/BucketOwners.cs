namespace Granary.Serving.Embeddings.Lookup;

/// <summary>
/// Which id each bucket of a hash stack speaks for when rows are not summed: the last one that falls into it. Persia asks the buckets
/// round by round, and each id is placed by the first bucket that speaks for it, with all ids in that bucket.
/// </summary>
internal sealed class BucketOwners
{
    private readonly int[] _owners;
    private readonly List<(int Owner, List<int> Signs)> _order = [];

    /// <param name="buckets">Of each id, one a round.</param>
    /// <param name="rounds">How many.</param>
    public BucketOwners(ReadOnlySpan<ulong> buckets, int rounds)
    {
        _owners = new int[buckets.Length];
        var lists = new Dictionary<ulong, List<int>>();
        var placed = new HashSet<int>();
        for (var round = 0; round < rounds; round++)
        {
            lists.Clear();
            var inOrder = new List<List<int>>();
            for (var at = round; at < buckets.Length; at += rounds)
            {
                if (!lists.TryGetValue(buckets[at], out var list))
                {
                    lists.Add(buckets[at], list = []);
                    inOrder.Add(list);
                }

                list.Add(at / rounds);
            }

            foreach (var list in inOrder)
            {
                var owner = list[^1];
                foreach (var sign in list)
                    _owners[(sign * rounds) + round] = owner;
                if (placed.Add(owner))
                    _order.Add((owner, list));
            }
        }
    }

    /// <summary>Whose row a bucket is.</summary>
    /// <param name="at">Its place among all buckets.</param>
    public int Owner(int at) => _owners[at];

    /// <summary>The ids with rows, and what ids are placed as them, in order.</summary>
    public IEnumerable<(int Owner, IReadOnlyList<int> Signs)> InOrder() => _order.Select(static item => (item.Owner, (IReadOnlyList<int>)item.Signs));
}

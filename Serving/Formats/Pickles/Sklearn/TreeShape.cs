using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>
/// A decision tree as nodes with children. sk2torch stores a matrix of leaves by branches, quadratic in size and in work: column b
/// of leaf l says whether b lies above l (<c>cond_mask</c>) and whether l is on its right (<c>cond</c>). Walking down the tree that
/// the matrices describe reaches the same leaf with one comparison a level.
/// </summary>
internal sealed class TreeShape
{
    private const int Unknown = -1;

    private TreeShape(int branches, int leaves)
    {
        Branches = branches;
        Children = new int[2 * (branches + leaves)];
        Children.AsSpan(0, 2 * branches).Fill(Unknown);
        // A leaf leads to itself: deeper leaves of other rows may still be on their way.
        for (var leaf = branches; leaf < branches + leaves; leaf++)
            Children[2 * leaf] = Children[(2 * leaf) + 1] = leaf;
    }

    /// <summary>Nodes 0 to this are branches in the order of the file; the leaves follow.</summary>
    public int Branches { get; }

    /// <summary>Left and right child of each node.</summary>
    public int[] Children { get; }

    public int Root { get; private set; } = Unknown;

    /// <summary>Comparisons from the root to the deepest leaf.</summary>
    public int Depth { get; private set; }

    public static TreeShape Read(SklearnFields fields, int leaves, int branches)
    {
        var right = Matrix(fields, "cond", leaves, branches);
        var above = Matrix(fields, "cond_mask", leaves, branches);
        var leavesBelow = new int[branches];
        for (var i = 0; i < above.Length; i++)
            leavesBelow[i % branches] += above[i] ? 1 : 0;
        var tree = new TreeShape(branches, leaves);
        var path = new List<int>();
        for (var leaf = 0; leaf < leaves; leaf++)
        {
            path.Clear();
            for (var branch = 0; branch < branches; branch++)
            {
                if (above[(leaf * branches) + branch])
                    path.Add(branch);
            }

            // A branch has more leaves below it than the ones under it have: that is the order from the root.
            path.Sort((a, b) => leavesBelow[b].CompareTo(leavesBelow[a]));
            if (!tree.Add(path, right.AsSpan(leaf * branches, branches), branches + leaf))
                throw fields.Refuse("cond_mask", $"does not describe a tree (leaf {leaf})");
        }

        return !tree.Children.Contains(Unknown) ? tree : throw fields.Refuse("cond_mask", "does not describe a tree (a branch has no leaf on one side)");
    }

    private bool Add(List<int> path, ReadOnlySpan<bool> right, int leaf)
    {
        var first = path.Count == 0 ? leaf : path[0];
        if (Root != Unknown && Root != first)
            return false;
        Root = first;
        Depth = Math.Max(Depth, path.Count);
        for (var i = 0; i < path.Count; i++)
        {
            ref var child = ref Children[(2 * path[i]) + (right[path[i]] ? 1 : 0)];
            var next = i + 1 < path.Count ? path[i + 1] : leaf;
            if (child != Unknown && child != next)
                return false;
            child = next;
        }

        return true;
    }

    private static bool[] Matrix(SklearnFields fields, string name, int leaves, int branches)
    {
        var tensor = fields.Shaped(name, leaves, branches);
        if (tensor.ByteLength > int.MaxValue)
            throw fields.Refuse(name, "is larger than 2 GiB");
        var size = tensor.DType switch
        {
            DType.Bool or DType.Int8 or DType.UInt8 => 1,
            DType.Int16 => 2,
            DType.Int32 => 4,
            _ => throw fields.Refuse(name, $"has dtype {tensor.DType.TorchName()}, but must be a small whole number"),
        };
        var bytes = tensor.Bytes;
        var matrix = new bool[leaves * branches];
        for (var i = 0; i < bytes.Length; i++)
            matrix[i / size] |= bytes[i] != 0;
        return matrix;
    }
}

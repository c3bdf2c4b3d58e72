using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Granary.Serving.Formats.Archives;

/// <summary>
/// Reads the outermost mapping of a YAML text from its events, so that no object is ever made of it: no tags, no anchors and aliases
/// (which grow small texts into large ones), one document, bounded depth and number of nodes.
/// </summary>
internal static class SafeYaml
{
    private const int MaxDepth = 16;
    private const int MaxNodes = 10_000;

    /// <summary>The values by key: a text, a list of texts, or null for what is deeper.</summary>
    /// <exception cref="ArchiveException">It is no such text.</exception>
    public static IReadOnlyDictionary<string, YamlValue> Read(byte[] utf8)
    {
        try
        {
            var walk = new Walk(new Parser(new StringReader(new UTF8Encoding(false, true).GetString(utf8))));
            return walk.Document();
        }
        catch (YamlException error)
        {
            throw new ArchiveException($"it is not YAML (line {error.Start.Line})");
        }
        catch (DecoderFallbackException)
        {
            throw new ArchiveException("it is not UTF-8");
        }
    }

    private sealed class Walk(Parser parser)
    {
        private int _nodes;

        public Dictionary<string, YamlValue> Document()
        {
            var values = new Dictionary<string, YamlValue>(StringComparer.Ordinal);
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
                return values;
            // A text of comments only is one empty scalar.
            if (Node() is Scalar { Value.Length: 0 })
                return End(values);
            if (parser.Current is not MappingStart)
                throw new ArchiveException("its outermost value is not a mapping");
            parser.MoveNext();
            while (Node() is not MappingEnd)
            {
                if (parser.Current is not Scalar key)
                    throw new ArchiveException("a key is not a text");
                parser.MoveNext();
                if (!values.TryAdd(key.Value, Value()))
                    throw new ArchiveException($"the key {Models.ModelIdText.Quote(key.Value)} is there twice");
            }

            return End(values);
        }

        private Dictionary<string, YamlValue> End(Dictionary<string, YamlValue> values)
        {
            parser.MoveNext();
            parser.Consume<DocumentEnd>();
            return parser.Accept<DocumentStart>(out _) ? throw new ArchiveException("it holds more than one document") : values;
        }

        private YamlValue Value()
        {
            switch (Node())
            {
                case Scalar scalar:
                    parser.MoveNext();
                    return new YamlValue(scalar.Value, null);
                case SequenceStart:
                    return new YamlValue(null, List());
                default:
                    Skip();
                    return new YamlValue(null, null);
            }
        }

        /// <summary>Null when something deeper than texts is in it.</summary>
        private List<string>? List()
        {
            List<string>? items = [];
            parser.MoveNext();
            while (Node() is not SequenceEnd)
            {
                if (parser.Current is Scalar scalar)
                {
                    items?.Add(scalar.Value);
                    parser.MoveNext();
                }
                else
                {
                    items = null;
                    Skip();
                }
            }

            parser.MoveNext();
            return items;
        }

        private void Skip()
        {
            var depth = 0;
            do
            {
                depth += Node().NestingIncrease;
                if (depth > MaxDepth)
                    throw new ArchiveException($"it is deeper than {MaxDepth} levels");
                parser.MoveNext();
            }
            while (depth > 0);
        }

        /// <summary>The current event, checked.</summary>
        private ParsingEvent Node()
        {
            var current = parser.Current ?? throw new ArchiveException("it ends too early");
            if (++_nodes > MaxNodes)
                throw new ArchiveException($"it has more than {MaxNodes:N0} values");
            if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
                throw new ArchiveException("it has anchors or aliases, which are not allowed");
            if (current is NodeEvent { Tag: { IsEmpty: false } tag })
                throw new ArchiveException($"it has the tag {Models.ModelIdText.Quote(tag.IsNonSpecific ? "!" : tag.Value)}; tags are not allowed");
            return current;
        }
    }
}

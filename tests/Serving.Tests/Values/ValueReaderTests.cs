using Granary.Serving.Models;
using Granary.Serving.Values;
using Granary.Torch;

namespace Granary.Serving.Tests.Values;

public sealed class ValueReaderTests
{
    [Theory]
    [InlineData("Tensor", "[[1, 2.5], [3, -0.0]]", "float32[2,2]:1.0 2.5 3.0 -0.0")]
    [InlineData("Tensor", "7", "float32[]:7.0")]
    [InlineData("Tensor", "[]", "float32[0]:")]
    [InlineData("Tensor", "[[true], [false]]", "bool[2,1]:0100")]
    [InlineData("Tensor", "true", "bool[]:01")]
    [InlineData("Tensor", "[true, 2]", "float32[2]:1.0 2.0")]
    [InlineData("int", "-9007199254740993", "-9007199254740993")]
    [InlineData("int", "3.0", "3")]
    [InlineData("float", "3", "3.0")]
    [InlineData("float", "0.1", "0.1")]
    [InlineData("bool", "true", "True")]
    [InlineData("str", "\"\\u00e9 x\"", "'é x'")]
    [InlineData("complex", "2", "(2.0,0.0i)")]
    [InlineData("complex", "[1, -2.5]", "(1.0,-2.5i)")]
    [InlineData("number", "2", "2")]
    [InlineData("number", "2.0", "2.0")]
    [InlineData("None", "null", "None")]
    [InlineData("List[int]", "[1, 2]", "[1,2]")]
    [InlineData("List[float]", "[1, 2]", "[1.0,2.0]")]
    [InlineData("List[Tensor]", "[[1, 2], 3, []]", "[float32[2]:1.0 2.0,float32[]:3.0,float32[0]:]")]
    [InlineData("List[List[str]]", "[[\"a\"], []]", "[['a'],[]]")]
    [InlineData("Tuple[int, str, bool]", "[1, \"a\", false]", "(1,'a',False)")]
    [InlineData("Tuple[()]", "[]", "()")]
    [InlineData("Dict[str, Tensor]", "{\"a\": [1], \"b\": [[2]]}", "{'a':float32[1]:1.0;'b':float32[1,1]:2.0;}")]
    [InlineData("Dict[int, str]", "{\"-3\": \"x\"}", "{-3:'x';}")]
    [InlineData("Dict[float, int]", "{\"0.5\": 1, \"2\": 2}", "{0.5:1;2.0:2;}")]
    [InlineData("Dict[bool, int]", "{\"true\": 1, \"False\": 0}", "{True:1;False:0;}")]
    [InlineData("Dict[str, List[Tuple[int, int]]]", "{\"a\": [[1, 2], [3, 4]]}", "{'a':[(1,2),(3,4)];}")]
    [InlineData("Optional[Tensor]", "null", "None")]
    [InlineData("Optional[int]", "5", "5")]
    [InlineData("Point", "[1]", "Point{x}(1.0)")]
    [InlineData("Point", "[1, 2]", "Point{x,y}(1.0,2.0)")]
    [InlineData("Point", "{\"y\": 2, \"x\": 1}", "Point{x,y}(1.0,2.0)")]
    [InlineData("Box", "{\"low\": {\"x\": 1}}", "Box{low}(Point{x}(1.0))")]
    [InlineData("Box", "[[1, 2], null]", "Box{low,high}(Point{x,y}(1.0,2.0),None)")]
    [InlineData("Union[float, int, None]", "1", "1")]
    [InlineData("Union[float, int, None]", "1.5", "1.5")]
    [InlineData("Union[float, int, None]", "null", "None")]
    [InlineData("Union[float, str]", "1", "1.0")]
    [InlineData("Union[List[int], List[str]]", "[\"a\"]", "['a']")]
    [InlineData("Union[Tensor, str]", "[[1, 2]]", "float32[1,2]:1.0 2.0")]
    [InlineData("Any", "{\"a\": [1, 2.0, null, true, \"x\"]}", "{'a':[1,2.0,None,True,'x'];}")]
    public void ReadArguments_OneArgument_IsTheValueItself(string type, string json, string expected) =>
        Assert.Equal(expected, Methods.Read(type, json));

    [Theory]
    [InlineData(DType.Int64, "[9007199254740993]", "int64[1]:9007199254740993")]
    [InlineData(DType.Float64, "[0.1]", "float64[1]:0.1")]
    [InlineData(DType.UInt8, "[255, true]", "uint8[2]:FF01")]
    public void ReadArguments_DefinitionWithDType_ReadsThatDType(DType dtype, string json, string expected) =>
        Assert.Equal(expected, Methods.Read("Tensor", json, new TensorSpec("INPUT__0", dtype, [-1])));

    [Fact]
    public void ReadArguments_DefinitionOfKeys_ReadsEachAsItsDType() =>
        Assert.Equal("{'a':int64[1]:1;'b':float32[1]:1.0;}", Methods.Read("Dict[str, Tensor]", """{"a": [1], "b": [1]}""", new TensorSpec("a", DType.Int64, [-1])));

    [Theory]
    [InlineData("""[[1], 2]""", "float32[1]:1.0 2")]
    [InlineData("""[[1], 2, ["z"]]""", "float32[1]:1.0 2 ['z']")]
    [InlineData("""{"n": 2, "x": [1]}""", "n=2 x=float32[1]:1.0")]
    [InlineData("""{"n": 2, "x": [1], "n": 3}""", "x=float32[1]:1.0 n=3")]
    public void ReadArguments_SeveralArguments_ComeByPositionOrByName(string json, string expected) =>
        Assert.Equal(expected, Methods.ReadAll(json, Several()));

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    public void ReadArguments_NoArguments_TakesNothing(string json) =>
        Assert.Equal("", Methods.ReadAll(json, new Signature(Methods.Forward())));

    [Fact]
    public void ReadArguments_OneArgumentByItsName_IsThatArgument() =>
        Assert.Equal("x=float32[1]:1.0", Methods.ReadAll("""{"x": [1]}""", new Signature(Methods.Forward("x: Tensor", "n: int = 1"))));

    [Fact]
    public void ReadArguments_OnlyArgumentByItsName_IsThatArgument() =>
        Assert.Equal("a=[1]", Methods.Read("List[int]", """{"a": [1]}"""));

    [Theory]
    [InlineData("Tensor", "\"x\"", "invalid value at byte 0: expected a tensor (a number, true, false, or nested lists of them), found a string")]
    [InlineData("int", "1.5", "invalid value at byte 0: 1.5 is not a whole number, which int64 needs")]
    [InlineData("int", "true", "invalid value at byte 0: expected a whole number, found true")]
    [InlineData("bool", "1", "invalid value at byte 0: expected true or false, found a number")]
    [InlineData("List[int]", "[1, \"a\"]", "[1]: invalid value at byte 4: expected a whole number, found a string")]
    [InlineData("List[Tensor]", "[[1], [[2], 3]]", "[1]: invalid value at byte 12: ragged list: expected a list, found a value in the outermost list: values before it stand 2 lists deep")]
    [InlineData("Tuple[int, str]", "[1]", "invalid value at byte 0: Tuple[int, str] has 2 elements, found 1")]
    [InlineData("Tuple[int, str]", "[1, \"a\", 2]", "invalid value at byte 9: Tuple[int, str] has 2 elements, found more")]
    [InlineData("Dict[int, int]", "{\"a\": 1}", "invalid value at byte 1: the key \"a\" is no int")]
    [InlineData("Dict[Tensor, int]", "{\"a\": 1}", "invalid value at byte 1: keys of type Tensor cannot be given in JSON")]
    [InlineData("Dict[str, List[Box]]", "{\"boxes\": [{\"low\": [1]}, {\"low\": {\"z\": 1}}]}", "boxes[1].low: invalid value at byte 34: Point has no field 'z'; it has x, y")]
    [InlineData("Dict[str, List[Box]]", "{\"a key\": [{}]}", "[\"a key\"][0]: invalid value at byte 11: Box needs the field 'low'")]
    [InlineData("Optional[int]", "\"a\"", "invalid value at byte 0: expected a whole number, found a string")]
    [InlineData("Union[float, int, None]", "\"a\"", "invalid value at byte 0: expected Union[float, int, None], found a string that fits none of these")]
    [InlineData("Device", "\"cpu\"", "invalid value at byte 0: a value of type Device cannot be given from outside")]
    [InlineData("Tensor", "[1, 2", "malformed JSON at byte 5: expected ',' or ']', found the end of the text")]
    public void ReadArguments_WrongValue_SaysWhere(string type, string json, string message)
    {
        var error = Assert.Throws<ServingException>(() => Methods.Read(type, json));
        Assert.Equal(ServingError.InvalidArgument, error.Error);
        Assert.Equal(message, error.Message);
    }

    [Theory]
    [InlineData("[]", "missing arguments 'x', 'n'")]
    [InlineData("[[1]]", "missing argument 'n'")]
    [InlineData("[[1], 2, [], 4]", "too many arguments")]
    [InlineData("""{"x": [1]}""", "missing argument 'n'")]
    [InlineData("""{"x": [1], "m": 2}""", "unknown argument 'm'")]
    [InlineData("7", "expected a list of arguments, or an object of them by name")]
    public void ReadArguments_WrongArguments_NamesThemAndTheSignature(string json, string problem)
    {
        var error = Assert.Throws<ServingException>(() => Methods.ReadAll(json, Several()));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("forward(x: Tensor, n: int, s: List[str] = [])", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadArguments_PlaceInSeveralArguments_BeginsWithTheArgument()
    {
        Assert.StartsWith("[2][1]: ", Assert.Throws<ServingException>(() => Methods.ReadAll("""[[1], 2, ["a", 1]]""", Several())).Message, StringComparison.Ordinal);
        Assert.StartsWith("s[1]: ", Assert.Throws<ServingException>(() => Methods.ReadAll("""{"s": ["a", 1]}""", Several())).Message, StringComparison.Ordinal);
    }

    private static Signature Several() => new(Methods.Forward("x: Tensor", "n: int", "s: List[str] = []"));
}

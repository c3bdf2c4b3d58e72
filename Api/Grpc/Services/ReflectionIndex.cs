using Google.Protobuf.Reflection;
using Granary.Api.Grpc.Protos.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.Grpc.Services;

/// <summary>Answers what the registered services look like, from the descriptors of their .proto files.</summary>
internal sealed class ReflectionIndex(IServiceProvider services)
{
    // Resolved late: the reflection services are among those that it lists.
    private readonly Lazy<Index> _index = new(() => new Index(services.GetServices<IGrpcService>().Select(service => service.Descriptor)));

    /// <summary>Answers question after question.</summary>
    public async Task AnswerAsync(GrpcRequestStream<ServerReflectionRequest> requests, GrpcResponseStream<ServerReflectionResponse> responses, GrpcCall call)
    {
        while (await requests.MoveNextAsync())
            await responses.WriteAsync(Answer(requests.Current));
    }

    /// <summary>Answers one question.</summary>
    internal ServerReflectionResponse Answer(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = new ListServiceResponse();
                response.ListServicesResponse.Service.AddRange(_index.Value.Services.Select(name => new ServiceResponse { Name = name }));
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                Put(response, _index.Value.Files.GetValueOrDefault(request.FileByFilename), $"file '{request.FileByFilename}'");
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                Put(response, _index.Value.FileOf(request.FileContainingSymbol), $"symbol '{request.FileContainingSymbol}'");
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension:
                // proto3 has no extensions but options, and these files declare none.
                Put(response, null, $"extension {request.FileContainingExtension.ExtensionNumber} of '{request.FileContainingExtension.ContainingType}'");
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType:
                if (_index.Value.FileOf(request.AllExtensionNumbersOfType) is null)
                    Put(response, null, $"type '{request.AllExtensionNumbersOfType}'");
                else
                    response.AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = request.AllExtensionNumbersOfType };
                break;
            default:
                response.ErrorResponse = new ErrorResponse { ErrorCode = (int)GrpcStatus.InvalidArgument, ErrorMessage = "The request asks for nothing" };
                break;
        }

        return response;
    }

    private static void Put(ServerReflectionResponse response, FileDescriptor? file, string what)
    {
        if (file is null)
        {
            response.ErrorResponse = new ErrorResponse { ErrorCode = (int)GrpcStatus.NotFound, ErrorMessage = $"There is no {what} here" };
            return;
        }

        var files = new FileDescriptorResponse();
        Add(file, files, []);
        response.FileDescriptorResponse = files;
    }

    // The file that was asked for first, then what it imports, each once.
    private static void Add(FileDescriptor file, FileDescriptorResponse files, HashSet<string> added)
    {
        if (!added.Add(file.Name))
            return;
        files.FileDescriptorProto.Add(file.SerializedData);
        foreach (var dependency in file.Dependencies)
            Add(dependency, files, added);
    }

    private sealed class Index
    {
        private readonly Dictionary<string, FileDescriptor> _symbols = new(StringComparer.Ordinal);

        public Index(IEnumerable<ServiceDescriptor> services)
        {
            foreach (var service in services)
            {
                Services.Add(service.FullName);
                AddFile(service.File);
            }
        }

        public SortedSet<string> Services { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, FileDescriptor> Files { get; } = new(StringComparer.Ordinal);

        /// <summary>The file of a service, method, type, field or enum value; null when it is unknown.</summary>
        public FileDescriptor? FileOf(string symbol)
        {
            if (_symbols.TryGetValue(symbol, out var file))
                return file;
            // A member is in the file of what holds it.
            var dot = symbol.LastIndexOf('.');
            return dot > 0 && _symbols.TryGetValue(symbol[..dot], out file) && HasMember(file, symbol) ? file : null;
        }

        private static bool HasMember(FileDescriptor file, string symbol) =>
            file.Services.SelectMany(service => service.Methods).Any(method => method.FullName == symbol)
            || AllMessages(file.MessageTypes).SelectMany(message => message.Fields.InDeclarationOrder()).Any(field => field.FullName == symbol);

        private void AddFile(FileDescriptor file)
        {
            if (!Files.TryAdd(file.Name, file))
                return;
            foreach (var service in file.Services)
                _symbols[service.FullName] = file;
            foreach (var type in file.EnumTypes.Concat(AllMessages(file.MessageTypes).SelectMany(message => message.EnumTypes)))
            {
                _symbols[type.FullName] = file;
                foreach (var value in type.Values)
                    _symbols[value.FullName] = file;
            }

            foreach (var message in AllMessages(file.MessageTypes))
                _symbols[message.FullName] = file;
            foreach (var dependency in file.Dependencies)
                AddFile(dependency);
        }

        private static IEnumerable<MessageDescriptor> AllMessages(IEnumerable<MessageDescriptor> messages) =>
            messages.SelectMany(message => AllMessages(message.NestedTypes).Prepend(message));
    }
}

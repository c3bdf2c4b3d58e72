using Granary.Api.Hosting;
using Granary.Api.TorchServe;
using Granary.Api.TorchServe.Configuration;
using Microsoft.Extensions.Configuration;

namespace Granary.Api.Tests.TorchServe.Configuration;

public sealed class TorchServeStartupTests
{
    private static (TorchServeOptions Options, TorchServeStartup Startup, IConfiguration All) Read(string file, string[]? arguments = null, params (string Name, string Value)[] variables)
    {
        var flags = CommandLine.Parse([.. arguments ?? ["--ts-config=config.properties"]]);
        Assert.Empty(flags.Errors);
        var startup = TorchServeStartup.Read(flags.Configuration, variables.ToDictionary(static one => one.Name, static one => (string?)one.Value), _ => file);
        var all = new ConfigurationBuilder().AddInMemoryCollection(startup.Configuration).AddInMemoryCollection(flags.Configuration).Build();
        return (all.GetSection(TorchServeOptions.SectionName).Get<TorchServeOptions>()!, startup, all);
    }

    [Fact]
    public void Read_NothingAsked_ChangesNothing()
    {
        var startup = TorchServeStartup.Read(new Dictionary<string, string?>(), new Dictionary<string, string?>());
        Assert.Empty(startup.Configuration);
    }

    [Fact]
    public void Read_TheFlagAlone_IsTorchServesDefaults()
    {
        var (options, startup, _) = Read("", ["--start", "--ncs", "--foreground", "--torchserve"]);
        Assert.Empty(startup.Errors);
        Assert.Equal(("127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:7070", "127.0.0.1:7071"),
            (options.InferenceAddress, options.ManagementAddress, options.MetricsAddress, options.GrpcInferenceAddress, options.GrpcManagementAddress));
        Assert.Equal((true, false, false), (options.TokenAuthorization, options.EnableModelApi, options.KeepRegistered));
    }

    [Fact]
    public void Read_Flags_WinOverTheFile()
    {
        var (options, _, _) = Read("disable_token_authorization=false\nenable_model_api=false\nload_models=a.mar,b.mar,c.mar",
            ["--ts-config", "x", "--models", "one=1.mar", "two.mar", "--disable-token-auth", "--enable-model-api"]);
        Assert.Equal((false, true), (options.TokenAuthorization, options.EnableModelApi));
        Assert.Equal(["one=1.mar", "two.mar"], options.LoadModels);
    }

    [Fact]
    public void Read_AWholeFile_IsUnderstood()
    {
        var (options, startup, all) = Read("""
            inference_address=http://0.0.0.0:8085
            management_address=http://127.0.0.1:8085
            metrics_address=http://[::1]:9000/
            grpc_inference_address=0.0.0.0
            grpc_inference_port=9090
            model_store=/models
            load_models=resnet=resnet.mar, all
            models={"resnet": {"1.0": {"defaultVersion": true, "marName": "resnet.mar", "minWorkers": 3, "batchSize": 8}}}
            default_workers_per_model=2
            job_queue_size=50
            default_response_timeout=30
            max_request_size=1234
            decode_input_request=false
            service_envelope=json
            disable_token_authorization=true
            token_expiration_min=5
            enable_model_api=TRUE
            allowed_urls=https://example\\.org/.*,https://other\\.org/.*
            install_py_dep_per_model=true
            no_such_key=1
            """);
        Assert.Empty(startup.Errors);
        Assert.Equal(["config.properties: install_py_dep_per_model has no effect: there are no Python workers", "config.properties: no_such_key is not known and was ignored"], startup.Warnings);
        Assert.Equal(("0.0.0.0:8085", "127.0.0.1:8085", "[::1]:9000", "0.0.0.0:9090", "127.0.0.1:7071"),
            (options.InferenceAddress, options.ManagementAddress, options.MetricsAddress, options.GrpcInferenceAddress, options.GrpcManagementAddress));
        Assert.Equal(["/models"], options.ModelStores);
        Assert.Equal(["resnet=resnet.mar", "all"], options.LoadModels);
        Assert.Equal((2, 50, TimeSpan.FromSeconds(30), false, "json", false, TimeSpan.FromMinutes(5), true),
            (options.DefaultWorkersPerModel, options.JobQueueSize, options.DefaultResponseTimeout, options.DecodeInputRequest, options.ServiceEnvelope, options.TokenAuthorization, options.TokenLifetime, options.EnableModelApi));
        Assert.Equal(["https://example\\.org/.*", "https://other\\.org/.*"], options.AllowedUrls);
        Assert.Equal("1234", all["Granary:Server:MaxRequestBodyBytes"]);
        Assert.Contains("minWorkers", options.ModelSettings);
    }

    [Fact]
    public void Read_VariablesThatTheFileAllows_WinOverIt()
    {
        (string, string)[] variables = [("TS_DEFAULT_WORKERS_PER_MODEL", "7"), ("TS_CONFIG_FILE", "x")];
        Assert.Equal(7, Read("enable_envvars_config=true\ndefault_workers_per_model=2", [], variables).Options.DefaultWorkersPerModel);
        Assert.Equal(2, Read("default_workers_per_model=2", [], variables).Options.DefaultWorkersPerModel);
    }

    [Theory]
    [InlineData("inference_address=https://0.0.0.0:8443", "inference_address: 'https://0.0.0.0:8443' asks for TLS")]
    [InlineData("management_address=unix:/tmp/x", "management_address: 'unix:/tmp/x' is a socket file")]
    [InlineData("metrics_address=http://a b:1", "metrics_address: ")]
    [InlineData("private_key_file=key.pem", "private_key_file: TLS belongs in front")]
    [InlineData("job_queue_size=many", "job_queue_size: 'many' is no number")]
    [InlineData("grpc_management_port=x", "grpc_management_address or grpc_management_port: ")]
    public void Read_WhatCannotBe_IsAnError(string line, string error) => Assert.StartsWith($"config.properties: {error}", Assert.Single(Read(line).Startup.Errors));

    [Fact]
    public void Read_FileMissing_IsAnError()
    {
        var flags = CommandLine.Parse(["--ts-config=/nowhere/config.properties"]);
        Assert.StartsWith("--ts-config: '/nowhere/config.properties' cannot be read", Assert.Single(TorchServeStartup.Read(flags.Configuration, new Dictionary<string, string?>()).Errors));
    }
}

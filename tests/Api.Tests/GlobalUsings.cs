global using Granary.Hosting.Startup;
global using Granary.Hosting.Telemetry;

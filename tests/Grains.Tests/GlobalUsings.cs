global using Granary.Serving;

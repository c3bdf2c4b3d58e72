global using Granary.Serving;
global using Granary.Serving.Clusters;
global using Granary.Serving.Models;

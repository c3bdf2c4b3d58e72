global using Granary.Grains.Interfaces;
global using Granary.Grains.Interfaces.Clusters;
global using Granary.Grains.Interfaces.Contracts;
global using Granary.Serving;
global using Granary.Serving.Clusters;
global using Granary.Serving.Models;

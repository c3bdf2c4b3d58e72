// A small cluster: two CPU silos, an API inside the virtual network.
using 'main.bicep'

param prefix = 'granary-dev'
param registryName = readEnvironmentVariable('GRANARY_REGISTRY')
param apiImage = readEnvironmentVariable('GRANARY_API_IMAGE')
param siloImage = readEnvironmentVariable('GRANARY_SILO_IMAGE')
param adminKey = readEnvironmentVariable('GRANARY_ADMIN_KEY')
param huggingFaceToken = readEnvironmentVariable('HF_TOKEN', '')

param siloCpu = '2'
param siloMemory = '4Gi'
param apiMaxReplicas = 3
param cpuSilos = [
  {
    name: 'cpu-a'
    siloPort: 11111
    gatewayPort: 30000
  }
  {
    name: 'cpu-b'
    siloPort: 11112
    gatewayPort: 30001
  }
]

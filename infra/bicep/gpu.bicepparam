// Two CPU silos and one serverless T4, a container for weights and a public API.
using 'main.bicep'

param prefix = 'granary-gpu'
param registryName = readEnvironmentVariable('GRANARY_REGISTRY')
param apiImage = readEnvironmentVariable('GRANARY_API_IMAGE')
param siloImage = readEnvironmentVariable('GRANARY_SILO_IMAGE')
param gpuSiloImage = readEnvironmentVariable('GRANARY_GPU_SILO_IMAGE')
param adminKey = readEnvironmentVariable('GRANARY_ADMIN_KEY')
param inferenceBearer = readEnvironmentVariable('GRANARY_BEARER')
param huggingFaceToken = readEnvironmentVariable('HF_TOKEN', '')

param apiAccess = 'public'
param apiMinReplicas = 2
param weightsContainer = 'weights'
param gpuProfile = 'Consumption-GPU-NC8as-T4'
param gpuSiloCpu = '8'
param gpuSiloMemory = '56Gi'
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
param gpuSilos = [
  {
    name: 'gpu-a'
    siloPort: 11121
    gatewayPort: 30021
  }
]

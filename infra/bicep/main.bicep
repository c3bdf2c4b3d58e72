// Granary on Azure Container Apps: one HTTP app that scales, and one app for each silo.
// This file only composes; every module says what it makes and why. Deploying it again changes nothing.
targetScope = 'resourceGroup'

@description('A silo: one container app with exactly one replica.')
type siloSettings = {
  @description('Name of the app within the cluster, such as cpu-a. With the prefix it must stay within 32 characters.')
  @minLength(1)
  @maxLength(19)
  name: string

  @description('Port that other silos reach it on. No two apps of the environment may share one; 36985 is reserved.')
  @minValue(1024)
  @maxValue(65535)
  siloPort: int

  @description('Port that clients of the cluster reach it on. No two apps of the environment may share one.')
  @minValue(1024)
  @maxValue(65535)
  gatewayPort: int

  @description('Image of this silo alone, while a new version is rolled out. Default: that of all silos of its kind.')
  image: string?

  @description('Cores, as a decimal number in text. Default: that of all silos of its kind.')
  cpu: string?

  @description('Memory, such as 8Gi. Default: that of all silos of its kind.')
  memory: string?
}

@description('Prefix of every resource name: lower-case letters, digits and hyphens, beginning with a letter.')
@minLength(3)
@maxLength(12)
param prefix string

@description('Azure region. GPU profiles exist in some regions only.')
param location string = resourceGroup().location

@description('Tags of every resource.')
param tags object = {}

@description('Name of the existing Azure container registry that holds the images.')
param registryName string

@description('Resource group of the registry.')
param registryResourceGroup string = resourceGroup().name

@description('Image of the API without the registry, best by digest: granary-api@sha256:….')
param apiImage string

@description('Image of the CPU silos without the registry, best by digest.')
param siloImage string

@description('Image of the GPU silos without the registry, built with a CUDA libtorch. Needed when gpuSilos is not empty.')
param gpuSiloImage string = ''

@description('The CPU silos. Two or more, or the cluster is gone while one is replaced.')
@minLength(1)
param cpuSilos siloSettings[]

@description('The GPU silos; needs gpuProfile.')
param gpuSilos siloSettings[] = []

@description('Workload profile of the GPU silos; empty for none. The dedicated ones (NC…) must be there when the environment is created.')
@allowed([
  ''
  'Consumption-GPU-NC8as-T4'
  'Consumption-GPU-NC24-A100'
  'NC24-A100'
  'NC48-A100'
  'NC96-A100'
])
param gpuProfile string = ''

@description('Nodes of a dedicated GPU profile; one runs one GPU silo. Without meaning for the serverless profiles.')
@minValue(1)
@maxValue(20)
param gpuNodes int = 1

@description('Cores of a CPU silo, as a decimal number in text. The Consumption profile has up to 4, with 2Gi of memory a core.')
param siloCpu string = '4'

@description('Memory of a CPU silo.')
param siloMemory string = '8Gi'

@description('Cores of a GPU silo: 8 on a T4, 24 on an A100.')
param gpuSiloCpu string = '8'

@description('Memory of a GPU silo: 56Gi on a T4, 220Gi on an A100.')
param gpuSiloMemory string = '56Gi'

@description('Who can reach the API: the virtual network (internal), or everybody through an environment of its own (public). The silos are never public.')
@allowed([
  'internal'
  'public'
])
param apiAccess string = 'internal'

@description('Fewest replicas of the API.')
@minValue(1)
@maxValue(300)
param apiMinReplicas int = 1

@description('Most replicas of the API.')
@minValue(1)
@maxValue(300)
param apiMaxReplicas int = 10

@description('Requests at once that one replica of the API takes before another one starts.')
@minValue(1)
@maxValue(1000)
param apiConcurrentRequests int = 100

@description('Key of the admin API, 16 characters or more. Kept in a key vault.')
@secure()
@minLength(16)
param adminKey string

@description('Bearer token that inference callers must send; empty: everybody who reaches the API may run models. Kept in a key vault.')
@secure()
param inferenceBearer string = ''

@description('Hugging Face token for private repositories; empty for none. Kept in a key vault.')
@secure()
param huggingFaceToken string = ''

@description('Blob container for weights that silos may read; empty for none.')
@maxLength(63)
param weightsContainer string = ''

@description('Public IPv4 addresses or ranges that may reach the storage account besides the virtual network, to upload weights.')
param allowedAddressRanges string[] = []

@description('Cluster identity. Silos and clients find only members of the same one; use another for an incompatible version.')
param clusterId string = prefix

@description('Service identity. Keep it for ever: grain state is stored under it.')
param serviceId string = 'granary'

@description('OTLP endpoint that metrics, traces and logs are sent to; empty for none.')
param otlpEndpoint string = ''

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

var suffix = take(uniqueString(resourceGroup().id, prefix), 6)
var storageName = take('${replace(prefix, '-', '')}${suffix}st', 24)
var vaultName = '${prefix}-${suffix}-kv'
var isPublic = apiAccess == 'public'

module logs 'modules/logs.bicep' = {
  name: 'logs'
  params: {
    name: '${prefix}-logs'
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module network 'modules/network.bicep' = {
  name: 'network'
  params: {
    name: '${prefix}-network'
    location: location
    tags: tags
  }
}

module siloIdentity 'modules/identity.bicep' = {
  name: 'silo-identity'
  params: {
    name: '${prefix}-silo'
    location: location
    tags: tags
  }
}

module apiIdentity 'modules/identity.bicep' = {
  name: 'api-identity'
  params: {
    name: '${prefix}-api'
    location: location
    tags: tags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: storageName
    location: location
    tags: tags
    subnetIds: [
      network.outputs.clusterSubnetId
      network.outputs.publicSubnetId
    ]
    allowedAddressRanges: allowedAddressRanges
    weightsContainer: weightsContainer
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    storageName: storage.outputs.name
    catalogContainer: storage.outputs.catalogContainer
    weightsContainer: weightsContainer
    siloPrincipalId: siloIdentity.outputs.principalId
    apiPrincipalId: apiIdentity.outputs.principalId
  }
}

module registry 'modules/registry-pull.bicep' = {
  name: '${prefix}-registry-pull'
  scope: resourceGroup(registryResourceGroup)
  params: {
    registryName: registryName
    principalIds: [
      siloIdentity.outputs.principalId
      apiIdentity.outputs.principalId
    ]
  }
}

module secrets 'modules/secrets.bicep' = {
  name: 'secrets'
  params: {
    name: vaultName
    location: location
    tags: tags
    adminKey: adminKey
    inferenceBearer: inferenceBearer
    huggingFaceToken: huggingFaceToken
    siloPrincipalId: siloIdentity.outputs.principalId
    apiPrincipalId: apiIdentity.outputs.principalId
  }
}

module clusterEnvironment 'modules/environment.bicep' = {
  name: 'cluster-environment'
  params: {
    name: '${prefix}-cluster'
    location: location
    tags: tags
    subnetId: network.outputs.clusterSubnetId
    internal: true
    workspaceId: logs.outputs.id
    gpuProfile: gpuProfile
    gpuNodes: gpuNodes
  }
}

// Callers in the virtual network find the internal environment by name.
module dns 'modules/dns.bicep' = {
  name: 'dns'
  params: {
    zoneName: clusterEnvironment.outputs.defaultDomain
    address: clusterEnvironment.outputs.staticIp
    networkId: network.outputs.id
    tags: tags
  }
}

// An environment is internal or not as a whole; so a public API has one of its own in the same network.
module publicEnvironment 'modules/environment.bicep' = if (isPublic) {
  name: 'public-environment'
  params: {
    name: '${prefix}-public'
    location: location
    tags: tags
    subnetId: network.outputs.publicSubnetId
    internal: false
    workspaceId: logs.outputs.id
  }
}

// One after the other: a deployment that changes all silos must not take them all at once.
@batchSize(1)
module cpuSilo 'modules/silo.bicep' = [
  for silo in cpuSilos: {
    name: 'silo-${silo.name}'
    dependsOn: [
      roles
    ]
    params: {
      name: '${prefix}-${silo.name}'
      location: location
      tags: tags
      environmentId: clusterEnvironment.outputs.id
      advertisedAddress: clusterEnvironment.outputs.staticIp
      siloPort: silo.siloPort
      gatewayPort: silo.gatewayPort
      workloadProfileName: 'Consumption'
      image: silo.?image ?? siloImage
      registryServer: registry.outputs.loginServer
      cpu: silo.?cpu ?? siloCpu
      memory: silo.?memory ?? siloMemory
      identityId: siloIdentity.outputs.id
      identityClientId: siloIdentity.outputs.clientId
      clusterId: clusterId
      serviceId: serviceId
      tableEndpoint: storage.outputs.tableEndpoint
      blobEndpoint: storage.outputs.blobEndpoint
      catalogContainer: storage.outputs.catalogContainer
      huggingFaceTokenUri: secrets.outputs.huggingFaceTokenUri
      otlpEndpoint: otlpEndpoint
    }
  }
]

@batchSize(1)
module gpuSilo 'modules/silo.bicep' = [
  for silo in gpuSilos: {
    name: 'silo-${silo.name}'
    dependsOn: [
      roles
    ]
    params: {
      name: '${prefix}-${silo.name}'
      location: location
      tags: tags
      environmentId: clusterEnvironment.outputs.id
      advertisedAddress: clusterEnvironment.outputs.staticIp
      siloPort: silo.siloPort
      gatewayPort: silo.gatewayPort
      workloadProfileName: clusterEnvironment.outputs.gpuProfileName
      image: silo.?image ?? gpuSiloImage
      registryServer: registry.outputs.loginServer
      cpu: silo.?cpu ?? gpuSiloCpu
      memory: silo.?memory ?? gpuSiloMemory
      identityId: siloIdentity.outputs.id
      identityClientId: siloIdentity.outputs.clientId
      clusterId: clusterId
      serviceId: serviceId
      tableEndpoint: storage.outputs.tableEndpoint
      blobEndpoint: storage.outputs.blobEndpoint
      catalogContainer: storage.outputs.catalogContainer
      huggingFaceTokenUri: secrets.outputs.huggingFaceTokenUri
      otlpEndpoint: otlpEndpoint
    }
  }
]

module api 'modules/api.bicep' = {
  name: 'api'
  dependsOn: [
    roles
  ]
  params: {
    name: '${prefix}-api'
    location: location
    tags: tags
    environmentId: isPublic ? publicEnvironment!.outputs.id : clusterEnvironment.outputs.id
    image: apiImage
    registryServer: registry.outputs.loginServer
    minReplicas: apiMinReplicas
    maxReplicas: apiMaxReplicas
    concurrentRequests: apiConcurrentRequests
    identityId: apiIdentity.outputs.id
    identityClientId: apiIdentity.outputs.clientId
    clusterId: clusterId
    serviceId: serviceId
    tableEndpoint: storage.outputs.tableEndpoint
    adminKeyUri: secrets.outputs.adminKeyUri
    inferenceBearerUri: secrets.outputs.inferenceBearerUri
    otlpEndpoint: otlpEndpoint
  }
}

@description('Where callers reach the API.')
output apiUrl string = 'https://${api.outputs.fqdn}'

@description('Storage account of membership, catalog and weights.')
output storageName string = storage.outputs.name

@description('Key vault of the admin key and the tokens.')
output vaultName string = secrets.outputs.name

@description('Private address that every silo advertises.')
output clusterAddress string = clusterEnvironment.outputs.staticIp

@description('Names of the silo apps.')
output siloApps string[] = [for silo in concat(cpuSilos, gpuSilos): '${prefix}-${silo.name}']

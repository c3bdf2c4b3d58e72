// A silo: one app, one replica, a port pair of its own on the private address of the environment.
// Peers connect to the very endpoint that a silo advertises, so an app with two replicas, which share an address, would not do.

@description('Name of the app and of the silo.')
@maxLength(32)
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('The internal environment. A public one would publish the silo ports.')
param environmentId string

@description('Private address of the environment.')
param advertisedAddress string

@description('Advertised port for other silos.')
param siloPort int

@description('Advertised port for clients.')
param gatewayPort int

@description('Workload profile: Consumption, or the GPU profile of the environment.')
param workloadProfileName string

@description('Image, without the registry.')
param image string

@description('Host name of the registry.')
param registryServer string

@description('Cores, as a decimal number in text.')
param cpu string

@description('Memory.')
param memory string

@description('Resource id of the identity of silos.')
param identityId string

@description('Client id of the identity of silos.')
param identityClientId string

@description('Cluster identity.')
param clusterId string

@description('Service identity.')
param serviceId string

@description('Table service that holds the membership.')
param tableEndpoint string

@description('Blob service that holds the catalog and weights.')
param blobEndpoint string

@description('Blob container of the catalog.')
param catalogContainer string

@description('Address of the Hugging Face token in a key vault; empty for none.')
param huggingFaceTokenUri string

@description('OTLP endpoint; empty for none.')
param otlpEndpoint string

// What the container listens on; the image and the docs say the same.
var siloListeningPort = 11111
var gatewayListeningPort = 30000
var healthPort = 8080
// Silo registers storage clients that use its identity under this key.
var storageServiceKey = 'azure'

var huggingFaceSecrets = empty(huggingFaceTokenUri)
  ? []
  : [
      {
        name: 'hugging-face-token'
        keyVaultUrl: huggingFaceTokenUri
        identity: identityId
      }
    ]
var huggingFaceVariables = empty(huggingFaceTokenUri)
  ? []
  : [
      {
        name: 'Granary__HuggingFace__Token'
        secretRef: 'hugging-face-token'
      }
    ]
var telemetryVariables = empty(otlpEndpoint)
  ? []
  : [
      {
        name: 'OTEL_EXPORTER_OTLP_ENDPOINT'
        value: otlpEndpoint
      }
      {
        name: 'OTEL_SERVICE_NAME'
        value: name
      }
    ]
var endpointVariables = [
  {
    name: 'Orleans__Name'
    value: name
  }
  {
    name: 'Orleans__Endpoints__AdvertisedIPAddress'
    value: advertisedAddress
  }
  {
    name: 'Orleans__Endpoints__SiloPort'
    value: string(siloPort)
  }
  {
    name: 'Orleans__Endpoints__GatewayPort'
    value: string(gatewayPort)
  }
  {
    name: 'Orleans__Endpoints__SiloListeningEndpoint'
    value: '0.0.0.0:${siloListeningPort}'
  }
  {
    name: 'Orleans__Endpoints__GatewayListeningEndpoint'
    value: '0.0.0.0:${gatewayListeningPort}'
  }
  {
    name: 'Granary__Silo__HealthBind'
    value: '0.0.0.0:${healthPort}'
  }
]
var clusterVariables = [
  {
    name: 'AZURE_CLIENT_ID'
    value: identityClientId
  }
  {
    name: 'Granary__AzureStorage__TableEndpoint'
    value: tableEndpoint
  }
  {
    name: 'Granary__AzureStorage__BlobEndpoint'
    value: blobEndpoint
  }
  {
    name: 'Orleans__ClusterId'
    value: clusterId
  }
  {
    name: 'Orleans__ServiceId'
    value: serviceId
  }
  {
    name: 'Orleans__Clustering__ProviderType'
    value: 'AzureTableStorage'
  }
  {
    name: 'Orleans__Clustering__ServiceKey'
    value: storageServiceKey
  }
  {
    name: 'Orleans__GrainStorage__catalog__ProviderType'
    value: 'AzureBlobStorage'
  }
  {
    name: 'Orleans__GrainStorage__catalog__ServiceKey'
    value: storageServiceKey
  }
  {
    name: 'Orleans__GrainStorage__catalog__ContainerName'
    value: catalogContainer
  }
]

resource silo 'Microsoft.App/containerApps@2025-01-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: workloadProfileName
    configuration: {
      activeRevisionsMode: 'Single'
      maxInactiveRevisions: 2
      registries: [
        {
          server: registryServer
          identity: identityId
        }
      ]
      secrets: huggingFaceSecrets
      // "External" means: at the boundary of the environment, which is internal. Nothing is published.
      ingress: {
        external: true
        transport: 'tcp'
        targetPort: siloListeningPort
        exposedPort: siloPort
        additionalPortMappings: [
          {
            external: true
            targetPort: gatewayListeningPort
            exposedPort: gatewayPort
          }
        ]
      }
    }
    template: {
      // The silo drains within 50 seconds; the rest is a margin.
      terminationGracePeriodSeconds: 60
      containers: [
        {
          name: 'silo'
          image: '${registryServer}/${image}'
          env: concat(endpointVariables, clusterVariables, huggingFaceVariables, telemetryVariables)
          resources: {
            cpu: json(cpu)
            memory: memory
          }
          volumeMounts: [
            {
              volumeName: 'data'
              mountPath: '/data'
            }
          ]
          probes: [
            {
              // Passed once the silo has joined the cluster.
              type: 'Startup'
              httpGet: {
                path: '/health/startup'
                port: healthPort
                scheme: 'HTTP'
              }
              initialDelaySeconds: 1
              periodSeconds: 15
              failureThreshold: 10
              timeoutSeconds: 3
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/health/ready'
                port: healthPort
                scheme: 'HTTP'
              }
              periodSeconds: 5
              failureThreshold: 3
              timeoutSeconds: 3
            }
            {
              // Local only: a storage outage must not restart every silo.
              type: 'Liveness'
              httpGet: {
                path: '/health/live'
                port: healthPort
                scheme: 'HTTP'
              }
              periodSeconds: 10
              failureThreshold: 3
              timeoutSeconds: 3
            }
          ]
        }
      ]
      scale: {
        minReplicas: 1
        maxReplicas: 1
      }
      // Weights come from their origin or from another silo again; nothing here must survive.
      volumes: [
        {
          name: 'data'
          storageType: 'EmptyDir'
        }
      ]
    }
  }
}

@description('Resource id of the app.')
output id string = silo.id

// The API: an Orleans client behind HTTP ingress, as many replicas as the requests need.

@description('Name of the app.')
@maxLength(32)
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Environment: the internal one, or a public one in the same virtual network.')
param environmentId string

@description('Image, without the registry.')
param image string

@description('Host name of the registry.')
param registryServer string

@description('Fewest replicas.')
param minReplicas int

@description('Most replicas.')
param maxReplicas int

@description('Requests at once that one replica takes before another one starts.')
param concurrentRequests int

@description('Resource id of the identity of the API.')
param identityId string

@description('Client id of the identity of the API.')
param identityClientId string

@description('Cluster identity.')
param clusterId string

@description('Service identity.')
param serviceId string

@description('Table service that holds the membership.')
param tableEndpoint string

@description('Address of the admin key in a key vault.')
param adminKeyUri string

@description('Address of the bearer token of inference callers in a key vault; empty for none.')
param inferenceBearerUri string

@description('OTLP endpoint; empty for none.')
param otlpEndpoint string

@description('Cores, as a decimal number in text.')
param cpu string = '1'

@description('Memory.')
param memory string = '2Gi'

var port = 3000
// Api registers storage clients that use its identity under this key.
var storageServiceKey = 'azure'

var bearerSecrets = empty(inferenceBearerUri)
  ? []
  : [
      {
        name: 'inference-bearer'
        keyVaultUrl: inferenceBearerUri
        identity: identityId
      }
    ]
var bearerVariables = empty(inferenceBearerUri)
  ? []
  : [
      {
        name: 'Granary__Security__Bearer'
        secretRef: 'inference-bearer'
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
var variables = [
  {
    name: 'Granary__Server__Bind__0'
    value: '0.0.0.0:${port}'
  }
  {
    name: 'Granary__Server__ShutdownTimeout'
    value: '00:00:50'
  }
  {
    name: 'Granary__Admin__Key'
    secretRef: 'admin-key'
  }
  {
    name: 'Cluster__Mode'
    value: 'Orleans'
  }
  {
    name: 'AZURE_CLIENT_ID'
    value: identityClientId
  }
  {
    name: 'Granary__AzureStorage__TableEndpoint'
    value: tableEndpoint
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
]

resource api 'Microsoft.App/containerApps@2025-01-01' = {
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
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      maxInactiveRevisions: 2
      registries: [
        {
          server: registryServer
          identity: identityId
        }
      ]
      secrets: concat(
        [
          {
            name: 'admin-key'
            keyVaultUrl: adminKeyUri
            identity: identityId
          }
        ],
        bearerSecrets
      )
      ingress: {
        external: true
        allowInsecure: false
        transport: 'http'
        targetPort: port
        traffic: [
          {
            latestRevision: true
            weight: 100
          }
        ]
      }
    }
    template: {
      terminationGracePeriodSeconds: 60
      containers: [
        {
          name: 'api'
          image: '${registryServer}/${image}'
          env: concat(variables, bearerVariables, telemetryVariables)
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
              type: 'Startup'
              httpGet: {
                path: '/health/startup'
                port: port
                scheme: 'HTTP'
              }
              initialDelaySeconds: 1
              periodSeconds: 10
              failureThreshold: 10
              timeoutSeconds: 3
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/health/ready'
                port: port
                scheme: 'HTTP'
              }
              periodSeconds: 5
              failureThreshold: 3
              timeoutSeconds: 3
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/health/live'
                port: port
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
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        rules: [
          {
            name: 'requests'
            http: {
              metadata: {
                concurrentRequests: string(concurrentRequests)
              }
            }
          }
        ]
      }
      volumes: [
        {
          name: 'data'
          storageType: 'EmptyDir'
        }
      ]
    }
  }
}

@description('Host name of the API.')
output fqdn string = api.properties.configuration.ingress.fqdn

// A Container Apps environment in the virtual network: internal for the silos, public for an API that everybody reaches.

@description('Name of the environment.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Subnet, delegated to Microsoft.App/environments.')
param subnetId string

@description('Whether its address is private. It cannot be changed later.')
param internal bool

@description('Log Analytics workspace.')
param workspaceId string

@description('Type of a GPU workload profile; empty for none.')
param gpuProfile string = ''

@description('Nodes of a dedicated GPU profile.')
param gpuNodes int = 1

var gpuProfileName = 'gpu'
// Only dedicated profiles have nodes; the serverless ones refuse counts.
var gpuCounts = startsWith(gpuProfile, 'NC')
  ? {
      minimumCount: gpuNodes
      maximumCount: gpuNodes
    }
  : {}
var gpuProfiles = empty(gpuProfile)
  ? []
  : [
      union(
        {
          name: gpuProfileName
          workloadProfileType: gpuProfile
        },
        gpuCounts
      )
    ]

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    vnetConfiguration: {
      infrastructureSubnetId: subnetId
      internal: internal
    }
    workloadProfiles: concat(
      [
        {
          name: 'Consumption'
          workloadProfileType: 'Consumption'
        }
      ],
      gpuProfiles
    )
    zoneRedundant: false
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerAppConsoleLogs'
        enabled: true
      }
      {
        category: 'ContainerAppSystemLogs'
        enabled: true
      }
    ]
  }
}

@description('Resource id.')
output id string = environment.id

@description('Inbound address: private when internal.')
output staticIp string = environment.properties.staticIp

@description('Domain of its apps.')
output defaultDomain string = environment.properties.defaultDomain

@description('Name of the GPU profile; apps name it.')
output gpuProfileName string = gpuProfileName

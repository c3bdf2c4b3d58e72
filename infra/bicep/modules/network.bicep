// The virtual network: one subnet for the silos' environment, one for a public API, both with a private way to storage.

@description('Name of the virtual network.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Address range of the network.')
param addressPrefix string = '10.42.0.0/23'

@description('Range of the silos. A replica takes one address and upgrades take as many again; /27 is the smallest allowed.')
param clusterPrefix string = '10.42.0.0/24'

@description('Range of the environment of a public API.')
param publicPrefix string = '10.42.1.0/26'

var delegations = [
  {
    name: 'container-apps'
    properties: {
      serviceName: 'Microsoft.App/environments'
    }
  }
]
var serviceEndpoints = [
  {
    service: 'Microsoft.Storage'
  }
]

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    // Inside, not as resources of their own: redeploying a network without its subnets would try to delete them.
    subnets: [
      {
        name: 'cluster'
        properties: {
          addressPrefix: clusterPrefix
          delegations: delegations
          serviceEndpoints: serviceEndpoints
        }
      }
      {
        name: 'public'
        properties: {
          addressPrefix: publicPrefix
          delegations: delegations
          serviceEndpoints: serviceEndpoints
        }
      }
    ]
  }
}

@description('Resource id of the network.')
output id string = network.id

@description('Subnet of the internal environment.')
output clusterSubnetId string = '${network.id}/subnets/cluster'

@description('Subnet of the public environment.')
output publicSubnetId string = '${network.id}/subnets/public'

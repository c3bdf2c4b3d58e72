// Lets the apps pull their images: the role AcrPull on an existing registry, in whatever resource group it is.

@description('Name of the registry.')
param registryName string

@description('Principals that pull images.')
param principalIds string[]

var acrPull = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registryName
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principalId in principalIds: {
    name: guid(registry.id, principalId, acrPull)
    scope: registry
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: acrPull
    }
  }
]

@description('Host name of the registry.')
output loginServer string = registry.properties.loginServer

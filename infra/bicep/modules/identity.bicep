// A managed identity. API and silos have one each, so that each holds only the roles it needs.

@description('Name of the identity.')
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id, to assign it to an app.')
output id string = identity.id

@description('Client id; Azure.Identity reads it from AZURE_CLIENT_ID.')
output clientId string = identity.properties.clientId

@description('Principal id, for role assignments.')
output principalId string = identity.properties.principalId

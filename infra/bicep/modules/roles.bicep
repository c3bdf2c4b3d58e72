// Who may do what with the storage account. Orleans creates the membership table if it is missing, so a reader's role does
// not do even for clients.

@description('Name of the storage account.')
param storageName string

@description('Container of the catalog.')
param catalogContainer string

@description('Container of weights; empty for none.')
param weightsContainer string

@description('Principal of the silos.')
param siloPrincipalId string

@description('Principal of the API.')
param apiPrincipalId string

// Built-in roles: Storage Table Data Contributor, Storage Blob Data Contributor, Storage Blob Data Reader.
var tableContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3')
var blobContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
var blobReader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' existing = {
  parent: account
  name: 'default'
}

resource catalog 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: blobs
  name: catalogContainer
}

resource weights 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: blobs
  name: empty(weightsContainer) ? 'none' : weightsContainer
}

resource siloTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, siloPrincipalId, tableContributor)
  scope: account
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: tableContributor
  }
}

resource apiTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, apiPrincipalId, tableContributor)
  scope: account
  properties: {
    principalId: apiPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: tableContributor
  }
}

resource siloCatalog 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(catalog.id, siloPrincipalId, blobContributor)
  scope: catalog
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobContributor
  }
}

resource siloWeights 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(weightsContainer)) {
  name: guid(account.id, weightsContainer, siloPrincipalId, blobReader)
  scope: weights
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: blobReader
  }
}

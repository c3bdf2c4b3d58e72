// The storage account: cluster membership in a table, the catalog and, if wanted, weights in blobs. No shared keys; reachable
// from the virtual network and from the addresses that are named.

@description('Name of the account: 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Subnets that may reach the account.')
param subnetIds string[]

@description('Public IPv4 addresses or ranges that may reach the account too.')
param allowedAddressRanges string[]

@description('Blob container for weights; empty for none.')
param weightsContainer string

var catalogName = 'catalog'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: 'Deny'
      ipRules: [
        for range in allowedAddressRanges: {
          action: 'Allow'
          value: range
        }
      ]
      virtualNetworkRules: [
        for subnetId in subnetIds: {
          action: 'Allow'
          id: subnetId
        }
      ]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource catalog 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: catalogName
}

resource weights 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = if (!empty(weightsContainer)) {
  parent: blobs
  name: empty(weightsContainer) ? 'none' : weightsContainer
}

@description('Name of the account.')
output name string = account.name

@description('Table service, for cluster membership.')
output tableEndpoint string = account.properties.primaryEndpoints.table

@description('Blob service, for the catalog and weights.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Container of the catalog.')
output catalogContainer string = catalog.name

// A key vault with the admin key and, where given, the tokens. Apps read them with their identities; no app holds a copy.

@description('Name of the vault: 3 to 24 letters, digits and hyphens.')
@minLength(3)
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Key of the admin API.')
@secure()
param adminKey string

@description('Bearer token of inference callers; empty for none.')
@secure()
param inferenceBearer string

@description('Hugging Face token; empty for none.')
@secure()
param huggingFaceToken string

@description('Principal of the silos.')
param siloPrincipalId string

@description('Principal of the API.')
param apiPrincipalId string

// Built-in role Key Vault Secrets User.
var secretsUser = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
  }
}

resource adminKeySecret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'admin-key'
  properties: {
    value: adminKey
  }
}

resource bearerSecret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(inferenceBearer)) {
  parent: vault
  name: 'inference-bearer'
  properties: {
    value: inferenceBearer
  }
}

resource huggingFaceSecret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = if (!empty(huggingFaceToken)) {
  parent: vault
  name: 'hugging-face-token'
  properties: {
    value: huggingFaceToken
  }
}

resource apiReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, apiPrincipalId, secretsUser)
  scope: vault
  properties: {
    principalId: apiPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: secretsUser
  }
}

// Silos need the Hugging Face token and nothing else.
resource siloReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(huggingFaceToken)) {
  name: guid(vault.id, 'hugging-face-token', siloPrincipalId, secretsUser)
  scope: huggingFaceSecret
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: secretsUser
  }
}

@description('Name of the vault.')
output name string = vault.name

// The addresses carry no version: an app reads a new value within half an hour, or when it restarts.
@description('Address of the admin key.')
output adminKeyUri string = '${vault.properties.vaultUri}secrets/${adminKeySecret.name}'

@description('Address of the bearer token; empty for none.')
#disable-next-line outputs-should-not-contain-secrets // an address, or that there is none
output inferenceBearerUri string = empty(inferenceBearer) ? '' : '${vault.properties.vaultUri}secrets/inference-bearer'

@description('Address of the Hugging Face token; empty for none.')
#disable-next-line outputs-should-not-contain-secrets // an address, or that there is none
output huggingFaceTokenUri string = empty(huggingFaceToken) ? '' : '${vault.properties.vaultUri}secrets/hugging-face-token'

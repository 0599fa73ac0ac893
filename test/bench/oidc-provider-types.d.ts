/** As much of the package's interface as the benchmark and the conformance test use; it ships no types. */
declare module 'oidc-provider' {
  type Incoming = import('node:http').IncomingMessage
  type Outgoing = import('node:http').ServerResponse

  interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  interface Interaction {
    readonly prompt: { readonly name: string }
    readonly params: { readonly client_id: string }
    readonly session?: { readonly accountId: string }
    readonly grantId?: string
  }

  class Provider {
    constructor(issuer: string, configuration: object)
    listen(port: number, hostname: string): unknown
    callback(): (request: Incoming, response: Outgoing) => void
    interactionDetails(request: Incoming, response: Outgoing): Promise<Interaction>
    interactionFinished(request: Incoming, response: Outgoing, result: object): Promise<void>
    readonly Grant: {
      new (of: { readonly accountId: string; readonly clientId: string }): Grant
      find(id: string): Promise<Grant | undefined>
    }
  }
}

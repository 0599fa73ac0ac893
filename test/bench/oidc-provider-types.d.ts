/** As much of the package's interface as the benchmark uses; it ships no types. */
declare module 'oidc-provider' {
  class Provider {
    constructor(issuer: string, configuration: object)
    listen(port: number, hostname: string): unknown
  }
}

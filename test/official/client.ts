/**
 * The client under test of the official conformance suite, which starts it once per scenario, with the MCP URL as the last argument. Its
 * sets hold more than authorization; that is the SDKs' business, and loading them takes time.
 *
 * @see https://github.com/modelcontextprotocol/conformance
 * @module
 */
if (process.env['MCP_CONFORMANCE_SCENARIO']?.startsWith('auth/')) await import('./host.ts')

export {}

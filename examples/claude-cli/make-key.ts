/**
 * Makes the key of an agent: `agent-key.json` is private and stays with it, `agent-key.public.json` is for the administrator.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
const named = { kid: crypto.randomUUID(), alg: 'ES256' }
await writeFile('agent-key.json', JSON.stringify({ ...named, kty, crv, x, y, d }), { mode: 0o600, flag: 'wx' })
await writeFile('agent-key.public.json', JSON.stringify({ keys: [{ ...named, kty, crv, x, y }] }))
console.log('Keep agent-key.json; agent-key.public.json is for the administrator.')

/**
 * The floor: as little as a token endpoint on this runtime can do. It parses the form, signs one JWT and answers JSON. At `/proven` it also
 * verifies one ES256 signature, as a token endpoint must that binds tokens to keys.
 *
 * @module
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto'

const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'floor' })).toString('base64url')
const encoder = new TextEncoder()

const proof = encoder.encode('x'.repeat(500))
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const theirs = { key: pair.publicKey, dsaEncoding: 'ieee-p1363' } as const
const proven = sign('sha256', proof, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(Bun.env['PORT']),
  // It waits while others are measured.
  idleTimeout: 0,
  async fetch(request) {
    if (request.method === 'GET') return new Response('ready')
    const form = new URLSearchParams(await request.text())
    if (request.url.endsWith('/proven') && !verify('sha256', proof, theirs, proven))
      return new Response(null, { status: 400 })
    const iat = Math.floor(Date.now() / 1000)
    const claims = {
      iss: 'https://auth.example',
      sub: form.get('client_id'),
      aud: form.get('resource'),
      iat,
      exp: iat + 900,
      jti: crypto.randomUUID(),
    }
    const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = Buffer.from(await crypto.subtle.sign(algorithm, privateKey, encoder.encode(input)))
    return Response.json({
      access_token: `${input}.${signature.toString('base64url')}`,
      token_type: 'Bearer',
      expires_in: 900,
    })
  },
})

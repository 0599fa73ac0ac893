/**
 * What the `signer` port promises.
 *
 * @see RFC 9068 section 2.1: `typ` at+jwt
 * @see RFC 8725 section 3.1: no algorithm but those of the keys
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { createLocalJWKSet, decodeProtectedHeader, generateKeyPair, jwtVerify, SignJWT, UnsecuredJWT } from 'jose'
import type { AccessTokenClaims } from '../../../shared/access-token.ts'
import type { Signer } from '../../core/ports.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, together } from './records.ts'

const CLAIMS: AccessTokenClaims = {
  iss: 'https://auth.example',
  sub: 'user-1',
  aud: 'https://notes.example/mcp',
  exp: NOW + 900,
  iat: NOW,
  jti: 'grant-1.x',
  client_id: 'client-1',
  scope: 'notes:read',
}

export const signerCases: readonly ConformanceCase<Signer>[] = [
  {
    name: 'signer.signAccessToken signs what any library verifies with signer.jwks',
    async run(signer) {
      const token = await signer.signAccessToken(CLAIMS)
      const keys = await signer.jwks()
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
        issuer: CLAIMS.iss,
        audience: 'https://notes.example/mcp',
        typ: 'at+jwt',
        currentDate: new Date(NOW * 1000),
      })
      deepEqual({ ...payload }, CLAIMS)
      equal(keys.keys.filter(({ kid, alg }) => kid === protectedHeader.kid && alg === protectedHeader.alg).length, 1)
      deepEqual(Object.keys(protectedHeader).toSorted(), ['alg', 'kid', 'typ'])
    },
  },
  {
    name: 'signer.jwks holds public keys alone, each under a name of its own',
    async run(signer) {
      const { keys } = await signer.jwks()
      equal(keys.length > 0, true)
      equal(new Set(keys.map(({ kid }) => kid)).size, keys.length)
      for (const key of keys) {
        equal(key.use, 'sig')
        equal(
          ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].some((member) => member in key),
          false,
        )
      }
    },
  },
  {
    name: 'signer.readAccessToken gives the claims of a token of its own, whatever its lifetime, for 32 at once',
    async run(signer) {
      for (const claims of [CLAIMS, { ...CLAIMS, iat: 0, exp: 1 }, { ...CLAIMS, scope: 'Ånna 🐈', extra: [1] }]) {
        const token = await signer.signAccessToken(claims)
        const read = await together(32, () => signer.readAccessToken(token))
        for (const one of read) deepEqual(one, claims)
      }
    },
  },
  {
    name: 'signer.readAccessToken is null for every other token',
    async run(signer) {
      const token = await signer.signAccessToken(CLAIMS)
      const { kid = '' } = decodeProtectedHeader(token)
      const [header = '', payload = '', signature = ''] = token.split('.')
      const { privateKey } = await generateKeyPair('ES256')
      const foreign = (head: object) =>
        new SignJWT(CLAIMS).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...head }).sign(privateKey)
      const [own] = (await signer.jwks()).keys
      const withPublicKey = await new SignJWT(CLAIMS)
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
        .sign(new TextEncoder().encode(JSON.stringify(own)))
      const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
      const others = [
        '',
        'token',
        '..',
        `${header}.${payload}.`,
        `${header}.${encode({ ...CLAIMS, sub: 'user-2' })}.${signature}`,
        `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
        new UnsecuredJWT(CLAIMS).encode(),
        withPublicKey,
        await foreign({ kid }),
        await foreign({ kid: 'unknown' }),
        await foreign({}),
      ]
      for (const other of others) equal(await signer.readAccessToken(other), null)
      // And after all of these it still knows its own.
      deepEqual(await signer.readAccessToken(token), CLAIMS)
      const tampered = `${header}.${encode({ ...CLAIMS, exp: NOW + 1_000_000 })}.${signature}`
      await rejects(jwtVerify(tampered, createLocalJWKSet(await signer.jwks())))
    },
  },
]

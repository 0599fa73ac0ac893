import { describe, expect, test } from 'bun:test'
import type { DpopPolicy } from '../../server/core/records.ts'
import type { Reason } from '../../server/core/rejection.ts'
import { admitResource, checkBoundTo, refreshTokenKey, type Sender } from '../../server/core/sender.ts'
import { client, resource } from '../../server/store/conformance/records.ts'

const key: Sender = { thumbprint: 'key', withNonce: false, proof: { key: 'proof', expiresAt: 0 } }
const keyWithNonce: Sender = { ...key, withNonce: true }

describe('admitResource', () => {
  const cases: readonly (readonly [DpopPolicy, string, Sender, Reason | null])[] = [
    ['optional', 'nothing proven', null, null],
    ['optional', 'a key', key, null],
    ['required', 'nothing proven', null, 'missing_dpop_proof'],
    ['required', 'a key', key, null],
    ['nonce', 'nothing proven', null, 'missing_dpop_proof'],
    ['nonce', 'a key without a nonce', key, 'missing_dpop_nonce'],
    ['nonce', 'a key with a nonce', keyWithNonce, null],
  ]
  test.each(cases)('%s: %s', (dpop, _, sender, reason) => {
    const admitted = admitResource(resource({ dpop }), sender)
    expect(admitted.ok ? null : admitted.error.reason).toBe(reason)
    if (admitted.ok) expect(admitted.value).toMatchObject({ resource: resource({ dpop }), sender })
  })
})

describe('checkBoundTo', () => {
  const cases: readonly (readonly [string, string | null, Sender, Reason | null])[] = [
    ['bound to nothing, nothing proven', null, null, null],
    ['bound to nothing, a key', null, key, null],
    ['bound, the same key', 'key', key, null],
    ['bound, nothing proven', 'key', null, 'missing_dpop_proof'],
    ['bound, another key', 'other', key, 'wrong_dpop_key'],
  ]
  test.each(cases)('%s', (_, boundTo, sender, reason) => {
    const checked = checkBoundTo(boundTo, sender)
    expect(checked.ok ? null : checked.error.reason).toBe(reason)
  })
})

describe('refreshTokenKey', () => {
  const confidential = client({ authMethods: ['client_secret_basic'] })
  const cases = [
    ['RFC 9449 section 5 a public client', client(), key, null, 'key'],
    ['a public client that proves nothing', client(), null, null, null],
    ['a confidential client, which proves who it is', confidential, key, null, null],
    ['one that is bound stays bound', client(), key, 'key', 'key'],
    ['one that is bound stays bound, whoever is asked', confidential, null, 'key', 'key'],
  ] as const
  test.each(cases)('%s', (_, presenter, sender, before, bound) => {
    expect(refreshTokenKey(presenter, sender, before)).toBe(bound)
  })
})

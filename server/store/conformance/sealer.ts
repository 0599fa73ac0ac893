/**
 * What the `sealer` port promises.
 *
 * @module
 */
import { equal, notEqual } from 'node:assert/strict'
import type { Sealer } from '../../core/ports.ts'
import type { ConformanceCase } from './conformance-case.ts'

const SECRET = 'a-token-of-full-entropy-0123456789abcdefghijk'
const TEXTS = ['the successor', '', '\0', 'Ånna 🐈 "{}"', 'x'.repeat(100_000)]

export const sealerCases: readonly ConformanceCase<Sealer>[] = [
  {
    name: 'sealer.open gives back any text to whoever has the secret, and to nobody else',
    async run(sealer) {
      for (const text of TEXTS) {
        const sealed = await sealer.seal(text, SECRET)
        equal(await sealer.open(sealed, SECRET), text)
        for (const other of [`${SECRET}x`, SECRET.slice(1), SECRET.toUpperCase(), '']) {
          equal(await sealer.open(sealed, other), null)
        }
      }
    },
  },
  {
    name: 'sealer.seal shows neither the text nor the secret, and never does the same twice',
    async run(sealer) {
      const text = 'a text that is long enough to be found'
      const [first, second] = [await sealer.seal(text, SECRET), await sealer.seal(text, SECRET)]
      notEqual(first, second)
      for (const part of [first, ...first.split('.').map((encoded) => Buffer.from(encoded, 'base64url').toString())]) {
        equal(part.includes(text) || part.includes(SECRET), false)
      }
    },
  },
  {
    name: 'sealer.open is null for what was changed in any place, and for what was never sealed',
    async run(sealer) {
      const text = 'the successor'
      const sealed = await sealer.seal(text, SECRET)
      let same = 0
      for (const index of [...sealed].keys()) {
        const changed = sealed.slice(0, index) + (sealed[index] === 'A' ? 'B' : 'A') + sealed.slice(index + 1)
        const opened = await sealer.open(changed, SECRET)
        // The last character of a part of base64url has bits that mean nothing.
        if (opened === text) same += 1
        else equal(opened, null)
      }
      equal(same <= sealed.split('.').length, true)
      for (const wrong of ['', '....', 'text', sealed.slice(1), sealed.slice(0, -2), `${sealed}.`, `${sealed}AAAA`]) {
        equal(await sealer.open(wrong, SECRET), null)
      }
    },
  },
]

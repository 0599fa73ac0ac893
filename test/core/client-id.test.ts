/**
 * Ids of clients on a command line.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { createClientId } from '../../server/core/registration/client-id.ts'

test('no id begins like an option, and none is shorter for it', () => {
  expect(createClientId(() => '-AAAAAAAAAAAAAAAAAAAAA')).toBe('_AAAAAAAAAAAAAAAAAAAAA')
  expect(createClientId(() => 'A-AAAAAAAAAAAAAAAAAAAA')).toBe('A-AAAAAAAAAAAAAAAAAAAA')
})

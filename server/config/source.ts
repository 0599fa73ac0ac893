/**
 * Where settings come from, and how their text becomes values.
 *
 * @module
 */
import type { Leaf } from './leaves.ts'

/** Values from one place, by the setting's name. */
export type Values = ReadonlyMap<string, unknown>

/** The value that a piece of text stands for; the text itself where it stands for none, which the schema then refuses. */
export function fromText(text: string, kind: Leaf['kind']): unknown {
  switch (kind) {
    case 'number':
      return /^\d+$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    default:
      return text
  }
}

/** The settings in the environment. A variable that is empty counts as not set, as compose files leave them. */
export function environmentValues(leaves: readonly Leaf[], env: Readonly<Record<string, string | undefined>>): Values {
  return new Map(
    leaves.flatMap(({ name, env: variable, kind }) => {
      const text = variable === null ? undefined : env[variable]
      return text === undefined || text === '' ? [] : [[name, fromText(text, kind)]]
    }),
  )
}

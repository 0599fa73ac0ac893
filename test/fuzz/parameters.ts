/**
 * Parameters of requests: good sets with something changed, and combinations of all that any endpoint reads.
 *
 * Their names are those of the schemas in `shared/` and of what the sources of the server read, so that a new one is sent as soon as it exists.
 *
 * @module
 */
import fc from 'fast-check'
import * as v from 'valibot'
import { GOOD, type Params } from './good-requests.ts'
import { readByServer } from './sources.ts'
import { CANARY, noise, type Value, value } from './values.ts'

const Schema = v.looseObject({ entries: v.record(v.string(), v.unknown()) })
const Variant = v.looseObject({ options: v.array(Schema) })

/** Every member of every object schema in `shared/`, the fields of our own pages, and what their queries say. */
async function parameterNames(): Promise<readonly string[]> {
  const root = new URL('../../shared/', import.meta.url).pathname
  const modules: unknown[] = await Promise.all(
    [...new Bun.Glob('**/*.ts').scanSync({ cwd: root })].map((name) => import(root + name)),
  )
  const schemas = modules
    .flatMap((module) => Object.values(Object(module)))
    .flatMap((exported): { entries: object }[] => {
      if (v.is(Schema, exported)) return [exported]
      return v.is(Variant, exported) ? exported.options : []
    })
  const { fields, parameters } = await readByServer()
  const unread = ['authorization_details', 'request_uri', 'nonce', 'assertion', 'audience', 'id_token_hint', CANARY]
  return [
    ...new Set([...schemas.flatMap(({ entries }) => Object.keys(entries)), ...fields, ...parameters, ...unread]),
  ].sort()
}

export const NAMES = await parameterNames()

const name = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...NAMES) }, { weight: 1, arbitrary: noise })

type Edit = {
  readonly how: 'set' | 'drop' | 'repeat' | 'add'
  readonly at: number
  readonly name: string
  readonly value: Value
}
const edit: fc.Arbitrary<Edit> = fc.record({
  how: fc.constantFrom('set', 'drop', 'repeat', 'add'),
  at: fc.nat({ max: 20 }),
  name,
  value,
})

function apply(params: Params, { how, at, name, value }: Edit): Params {
  const place = params.length === 0 ? 0 : at % params.length
  const [before, one, after] = [params.slice(0, place), params[place], params.slice(place + 1)]
  if (how === 'add' || one === undefined) return [...params, [name, value]]
  if (how === 'drop') return [...before, ...after]
  return how === 'set' ? [...before, [one[0], value], ...after] : [...before, one, one, ...after]
}

/** Parameters for a route: a good set, one with a few edits, or any. */
export function paramsFor(path: string): fc.Arbitrary<Params> {
  const any = fc.array(fc.tuple(name, value), { maxLength: 12 })
  const good = GOOD[path]
  if (good === undefined) return any
  const edited = fc
    .tuple(fc.constantFrom(...good), fc.array(edit, { maxLength: 3 }))
    .map(([params, edits]) => edits.reduce(apply, params))
  return fc.oneof(
    { weight: 3, arbitrary: edited },
    { weight: 2, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: any },
  )
}

/**
 * What can happen to grants, with what can be wrong about it. Numbers choose among what there is when the step is taken.
 *
 * @module
 */
import fc from 'fast-check'

/** `client` 0: the one that it belongs to; others: another one. */
export type Step =
  | { readonly do: 'authorize'; readonly client: number; readonly resource: number; readonly scopes: readonly string[] }
  | {
      readonly do: 'redeem'
      readonly grant: number
      readonly client: number
      readonly wrong: 'nothing' | 'verifier' | 'redirect_uri' | 'resource' | 'code'
      /** How many send it at the same time. */
      readonly copies: number
    }
  | {
      readonly do: 'refresh'
      readonly grant: number
      /** 0: the newest. */
      readonly age: number
      readonly client: number
      readonly resource: 'none' | 'same' | 'other'
      readonly scopes: readonly string[]
      readonly copies: number
    }
  | {
      readonly do: 'revoke'
      readonly grant: number
      readonly age: number
      readonly client: number
      readonly kind: 'refresh' | 'access'
    }
  | {
      readonly do: 'introspect'
      readonly grant: number
      readonly age: number
      readonly client: number
      readonly kind: 'refresh' | 'access'
    }
  | { readonly do: 'withdraw'; readonly grant: number }
  | { readonly do: 'wait'; readonly seconds: number }

const SCOPES = ['notes:read', 'notes:write', 'notes:admin']

const grant = fc.nat({ max: 3 })
const age = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 3 }) })
const client = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }) },
)
const copies = fc.oneof(
  { weight: 5, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 4 }) },
)
const kind = fc.constantFrom<'refresh' | 'access'>('refresh', 'access')
const does = <const Name extends string>(name: Name) => fc.constant(name)

const authorize = fc.record({
  do: does('authorize'),
  client: fc.nat({ max: 2 }),
  resource: fc.nat({ max: 1 }),
  scopes: fc.subarray(SCOPES, { minLength: 1 }),
})

const redeem = fc.record({
  do: does('redeem'),
  grant,
  client,
  wrong: fc.oneof(
    { weight: 4, arbitrary: does('nothing') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('verifier' as const, 'redirect_uri' as const, 'resource' as const, 'code' as const),
    },
  ),
  copies,
})

const refresh = fc.record({
  do: does('refresh'),
  grant,
  age,
  client,
  resource: fc.constantFrom('none' as const, 'none' as const, 'same' as const, 'other' as const),
  scopes: fc.oneof(fc.constant<string[]>([]), fc.subarray([...SCOPES, 'offline_access', 'unknown'])),
  copies,
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: authorize },
  { weight: 4, arbitrary: redeem },
  { weight: 6, arbitrary: refresh },
  { weight: 2, arbitrary: fc.record({ do: does('introspect'), grant, age, client, kind }) },
  { weight: 1, arbitrary: fc.record({ do: does('revoke'), grant, age, client, kind }) },
  { weight: 1, arbitrary: fc.record({ do: does('withdraw'), grant }) },
  { weight: 2, arbitrary: fc.record({ do: does('wait'), seconds: fc.constantFrom(1, 5, 10, 11, 61, 901) }) },
)

const again = (grant: number, age: number): Step => ({
  do: 'refresh',
  grant,
  age,
  client: 0,
  resource: 'none',
  scopes: [],
  copies: 1,
})

/** What chance puts together too seldom: used tokens that come back, within the window, after it, and after their successors. */
const chain: fc.Arbitrary<readonly Step[]> = fc
  .tuple(grant, fc.constantFrom(1, 10, 11, 61), fc.constantFrom(0, 1, 2))
  .map(([grant, seconds, uses]) => [
    again(grant, 0),
    ...Array.from({ length: uses }, () => again(grant, 0)),
    { do: 'wait', seconds },
    again(grant, uses + 1),
    again(grant, 0),
  ])

/** A life begins with a grant and a redeemed code, most of the time. */
export const steps: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    authorize,
    redeem,
    fc.array(
      fc.oneof({ weight: 8, arbitrary: step.map((one): readonly Step[] => [one]) }, { weight: 1, arbitrary: chain }),
      { maxLength: 24 },
    ),
  )
  .map(([first, second, rest]) => [first, second, ...rest.flat()])

/**
 * Guards: functions that tell values of a type from others, for those who have to be small. What is guarded is passed on as it is, members
 * that no guard knows included; nothing is converted, and nothing says what was wrong.
 *
 * @see docs/adr/0173-guards-instead-of-schemas.md
 * @module
 */

/** Whether a value is of a type. */
export type Guard<Value> = (value: unknown) => value is Value

/** The type that a guard tells: `type Pause = Guarded<typeof isPause>`. */
export type Guarded<Of> = Of extends Guard<infer Value> ? Value : never

type Members = Readonly<Record<string, Guard<unknown>>>
type OptionalNames<Of extends Members> = {
  [Name in keyof Of]: undefined extends Guarded<Of[Name]> ? Name : never
}[keyof Of]

/** What `isRecord` tells: members whose guards know `undefined` may be absent. */
export type RecordOf<Of extends Members> = {
  readonly [Name in Exclude<keyof Of, OptionalNames<Of>>]: Guarded<Of[Name]>
} & { readonly [Name in OptionalNames<Of>]?: Guarded<Of[Name]> }

export const isString: Guard<string> = (value) => typeof value === 'string'

/** A string with something in it. */
export const isText: Guard<string> = (value): value is string => isString(value) && value !== ''

/** A number, and a finite one. */
export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value)

export const isBoolean: Guard<boolean> = (value) => typeof value === 'boolean'

/** Any object, a list included. */
export const isObject: Guard<object> = (value) => typeof value === 'object' && value !== null

/** A list of `is` only, which may be empty. Spread, because `every` goes past holes. */
export const isListOf =
  <Value>(is: Guard<Value>): Guard<Value[]> =>
  (value): value is Value[] =>
    Array.isArray(value) && [...value].every(is)

export const isStrings = isListOf(isString)

/** `is`, or absent. */
export const isOptional =
  <Value>(is: Guard<Value>): Guard<Value | undefined> =>
  (value) =>
    value === undefined || is(value)

/**
 * An object with these members.
 *
 * @example const isPause = isRecord({ until: isNumber, reason: isOptional(isString) })
 */
export const isRecord =
  <Of extends Members>(members: Of): Guard<RecordOf<Of>> =>
  (value): value is RecordOf<Of> =>
    isObject(value) && Object.entries(members).every(([name, is]) => is(Reflect.get(value, name)))

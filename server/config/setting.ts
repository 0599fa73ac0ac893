/**
 * How a setting is declared: a valibot schema, and beside it what flags, help and documentation say of it.
 *
 * @module
 */
import * as v from 'valibot'

/** What is known of a setting beside its type and default. */
export interface SettingInfo {
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'structure'
  /** What a right value is, in words that follow "wanted". */
  readonly wanted: string
  /** What a number counts. */
  readonly unit?: string
  /** The default with `--dev`, where that differs; in words where it is worked out at the start. */
  readonly dev?: unknown
  /** Words for a default that is worked out, or that is too long for a table. */
  readonly defaultText?: string
  /** Not offered as a flag: others on the machine can read a process's arguments. */
  readonly noFlag?: true
}

type More = Partial<SettingInfo>

/** Attaches what is known of a setting to its schema. */
const setting = <Schema extends v.GenericSchema>(schema: Schema, description: string, info: SettingInfo) =>
  v.pipe(schema, v.description(description), v.metadata({ ...info }))

export const nonEmpty = v.pipe(v.string(), v.nonEmpty())

export const text = <Schema extends v.GenericSchema<string, string>>(
  schema: Schema,
  wanted: string,
  description: string,
  more: More = {},
) => setting(schema, description, { kind: 'text', wanted, ...more })

/** The address of a page for people. */
export const webPage = (description: string) =>
  text(v.pipe(v.string(), v.check(isWebPage)), 'an https or http URL', description, { defaultText: 'none' })

const isWebPage = (value: string): boolean => ['https:', 'http:'].includes(URL.parse(value)?.protocol ?? '')

export const whole = (min: number, max: number, description: string, more: More = {}) =>
  setting(v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max)), description, {
    kind: 'number',
    wanted: `a whole number${more.unit === undefined ? '' : ` of ${more.unit}`} from ${min} to ${max}`,
    ...more,
  })

export const seconds = (min: number, max: number, description: string, more: More = {}) =>
  whole(min, max, description, { unit: 'seconds', ...more })

const limit = (per: string) => (description: string) =>
  whole(0, 1_000_000_000, `${description} So many ${per}, all of them at once if they like; 0: any number.`)

export const perMinute = limit('a minute')

export const perHour = limit('an hour')

export const yesOrNo = (description: string, more: More = {}) =>
  setting(v.boolean(), description, { kind: 'boolean', wanted: 'true or false', ...more })

export const choice = <const Options extends readonly string[]>(
  options: Options,
  description: string,
  more: More = {},
) => setting(v.picklist(options), description, { kind: 'choice', wanted: `one of ${options.join(', ')}`, ...more })

export const list = <Item extends v.GenericSchema<string, string>>(
  item: Item,
  wanted: string,
  description: string,
  more: More = {},
) => setting(v.array(item), description, { kind: 'list', wanted, ...more })

/** A value that only a config file can hold. */
export const structure = <Schema extends v.GenericSchema>(
  schema: Schema,
  wanted: string,
  description: string,
  more: More = {},
) => setting(schema, description, { kind: 'structure', wanted, ...more })

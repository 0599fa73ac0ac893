/**
 * The settings as a flat list: what each is called as a flag and in the environment, read off the schema.
 *
 * @module
 */
import * as v from 'valibot'
import { Config } from '../config.ts'
import type { SettingInfo } from './setting.ts'

/** One setting. */
export interface Leaf extends SettingInfo {
  /** `['refresh', 'replay_window']` */
  readonly path: readonly string[]
  /** `refresh.replay_window` */
  readonly name: string
  /** `--refresh-replay-window`; null where there is none. */
  readonly flag: string | null
  /** `SALLYPORT_REFRESH_REPLAY_WINDOW`; null where only the config file will do. */
  readonly env: string | null
  readonly description: string
  /** Undefined where there is none. */
  readonly defaultValue: unknown
}

/** Every setting, in the schema's order. */
export const LEAVES: readonly Leaf[] = leavesOf(Config, [])

/** The setting of that name. Throws for a name that the schema does not have. */
export function leafNamed(name: string): Leaf {
  const leaf = LEAVES.find((candidate) => candidate.name === name)
  if (leaf === undefined) throw new TypeError(`There is no setting ${name}.`)
  return leaf
}

function leavesOf(schema: v.GenericSchema, path: readonly string[]): readonly Leaf[] {
  if (isGroup(schema)) return Object.entries(schema.entries).flatMap(([key, entry]) => leavesOf(entry, [...path, key]))
  if (!isOptional(schema)) throw new TypeError(`The setting ${path.join('.')} is not optional.`)
  if (isGroup(schema.wrapped)) return leavesOf(schema.wrapped, path)
  const info = v.getMetadata(schema.wrapped)
  const description = v.getDescription(schema.wrapped)
  if (!isSettingInfo(info) || description === undefined) throw new TypeError(`${path.join('.')} is not described.`)
  return [
    {
      ...info,
      path,
      name: path.join('.'),
      flag: info.kind === 'structure' || info.noFlag ? null : `--${path.join('-').replaceAll('_', '-')}`,
      env: info.kind === 'structure' ? null : `SALLYPORT_${path.join('_').toUpperCase()}`,
      description,
      defaultValue: v.getDefault(schema),
    },
  ]
}

function isGroup(schema: v.GenericSchema): schema is v.StrictObjectSchema<v.ObjectEntries, undefined> {
  return schema.type === 'strict_object' && v.getDescription(schema) === undefined
}

function isOptional(schema: v.GenericSchema): schema is v.OptionalSchema<v.GenericSchema, unknown> {
  return schema.type === 'optional'
}

function isSettingInfo(info: object): info is SettingInfo {
  return 'kind' in info && 'wanted' in info
}

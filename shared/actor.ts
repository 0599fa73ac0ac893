/**
 * Who acts for the subject of a token, and who may.
 *
 * @see RFC 8693 section 4.1 (`act`), section 4.4 (`may_act`)
 * @module
 */
import * as v from 'valibot'

/** The newest actor; within it, the one before. */
export interface Actor {
  readonly sub: string
  /** The client that it acts through: the same as `sub` where no person is behind it. */
  readonly client_id?: string
  readonly act?: Actor
  readonly [claim: string]: unknown
}

export const Actor: v.GenericSchema<Actor> = v.looseObject({
  sub: v.string(),
  client_id: v.exactOptional(v.string()),
  act: v.exactOptional(v.lazy(() => Actor)),
})

/** The party that may become the actor. */
export const MayAct = v.looseObject({ sub: v.string() })
export type MayAct = v.InferOutput<typeof MayAct>

/** The chain as a list, the newest first; empty: nobody acts for the subject. */
export function actorsOf(act: Actor | undefined): readonly Actor[] {
  const chain: Actor[] = []
  for (let actor = act; actor !== undefined; actor = actor.act) chain.push(actor)
  return chain
}

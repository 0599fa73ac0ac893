/**
 * What the `identities` port promises to whoever asks providers again about people: a turn each, and that nothing older undoes what is newer.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { Identity } from '../../core/records.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { code, grant, identity, NOW, people, session, tally, together } from './records.ts'

const { issuer, subject } = identity()

export const revalidationCases: readonly ConformanceCase[] = [
  {
    name: 'identities.seen replaces the time, the refresh token and the next check of that identity only',
    async run(store) {
      const { identities } = store
      await people(store)
      await identities.link(identity())
      await identities.link(identity({ subject: 'other' }))
      const seen = { issuer, subject, lastSeenAt: NOW + 9, sealedRefreshToken: 'sealed', checkAt: NOW + 99 }
      equal(await identities.seen(seen), true)
      deepEqual(await identities.find(issuer, subject), identity(seen))
      deepEqual(await identities.find(issuer, 'other'), identity({ subject: 'other' }))
      equal(await identities.seen({ ...seen, subject: 'nobody' }), false)
    },
  },
  {
    name: 'identities.seen keeps the refresh token that is there, and its time, where the provider gives none',
    async run(store) {
      const { identities } = store
      await people(store)
      await identities.link(identity({ sealedRefreshToken: 'kept', checkAt: NOW + 60 }))
      const seen = { issuer, subject, lastSeenAt: NOW + 9, sealedRefreshToken: null, checkAt: NOW + 99 }
      await identities.seen(seen)
      const kept = identity({ lastSeenAt: NOW + 9, sealedRefreshToken: 'kept', checkAt: NOW + 60 })
      deepEqual(await identities.find(issuer, subject), kept)
      await identities.lose(kept, NOW)
      await identities.seen(seen)
      deepEqual(await identities.find(issuer, subject), identity(seen))
    },
  },
  {
    name: 'identities.answered stores what came of a turn, once, and never makes the time earlier',
    async run(store) {
      const { identities } = store
      await people(store)
      await identities.link(identity({ sealedRefreshToken: 'first', checkAt: NOW }))
      await identities.link(identity({ subject: 'other', sealedRefreshToken: 'first', checkAt: NOW + 600 }))
      const [taken = identity()] = await identities.takeDue(NOW, NOW + 60, 1)
      const answer = { lastSeenAt: NOW + 9, sealedRefreshToken: 'second', checkAt: NOW + 99 }
      const stored = await together(32, () => identities.answered(taken, answer))
      deepEqual(tally(stored), { true: 1, false: 31 })
      deepEqual(await identities.find(issuer, subject), identity(answer))
      const [again = identity()] = await identities.takeDue(NOW + 99, NOW + 120, 1)
      equal(await identities.answered({ ...again, subject: 'other' }, answer), false)
      equal(await identities.answered(again, { ...answer, lastSeenAt: NOW }), true)
      equal((await identities.find(issuer, subject))?.lastSeenAt, NOW + 9)
      deepEqual((await identities.find(issuer, 'other'))?.sealedRefreshToken, 'first')
    },
  },
  {
    name: 'identities.answered undoes nothing that came in between: a sign-in, a later turn, the end',
    async run(store) {
      const { identities } = store
      await people(store)
      const seen = { issuer, subject, lastSeenAt: NOW + 5, sealedRefreshToken: 'of a sign-in', checkAt: NOW + 300 }
      const meanwhile: readonly ((taken: Identity) => Promise<unknown>)[] = [
        () => identities.seen(seen),
        // The same token, and the turn of somebody else.
        () => identities.takeDue(NOW + 300, NOW + 600, 1),
        (taken) => identities.lose(taken, NOW + 5),
        () => identities.unlink(issuer, subject),
      ]
      for (const happen of meanwhile) {
        await identities.unlink(issuer, subject)
        await identities.link(identity({ sealedRefreshToken: 'first', checkAt: NOW }))
        const [taken = identity()] = await identities.takeDue(NOW, NOW + 300, 1)
        await happen(taken)
        const before = await identities.find(issuer, subject)
        const answer = { lastSeenAt: NOW + 9, sealedRefreshToken: 'second', checkAt: NOW + 99 }
        equal(await identities.answered(taken, answer), false)
        deepEqual(await identities.find(issuer, subject), before)
      }
    },
  },
  {
    name: 'identities.answered is not stopped by a sign-in that brought no token',
    async run(store) {
      const { identities } = store
      await people(store)
      await identities.link(identity({ sealedRefreshToken: 'first', checkAt: NOW }))
      const [taken = identity()] = await identities.takeDue(NOW, NOW + 60, 1)
      await identities.seen({ issuer, subject, lastSeenAt: NOW + 10, sealedRefreshToken: null, checkAt: null })
      const answer = { lastSeenAt: NOW + 9, sealedRefreshToken: 'second', checkAt: NOW + 99 }
      equal(await identities.answered(taken, answer), true)
      deepEqual(await identities.find(issuer, subject), identity({ ...answer, lastSeenAt: NOW + 10 }))
      equal(await identities.lose({ ...taken, sealedRefreshToken: 'second' }, NOW + 11), false)
    },
  },
  {
    name: 'identities.answered and identities.lose at once: what was lost stays lost',
    async run(store) {
      const { identities } = store
      await people(store)
      await identities.link(identity({ sealedRefreshToken: 'first', checkAt: NOW }))
      const [taken = identity()] = await identities.takeDue(NOW, NOW + 60, 1)
      const answer = { lastSeenAt: NOW + 9, sealedRefreshToken: 'second', checkAt: NOW + 99 }
      const outcomes = await together(32, (index) =>
        index % 2 === 0 ? identities.answered(taken, answer) : identities.lose(taken, NOW),
      )
      deepEqual(tally(outcomes), { true: 1, false: 31 })
      const lost = outcomes.indexOf(true) % 2 === 1
      deepEqual(await identities.find(issuer, subject), lost ? identity() : identity(answer))
    },
  },
  {
    name: 'identities.listSealed goes through those whose refresh token is kept, each once',
    async run(store) {
      const { identities } = store
      await people(store)
      const names = ['a', 'B', 'c', 'd', 'é', '1'].flatMap((name) => [
        { issuer, subject: name },
        { issuer: `${issuer}/${name}`, subject: 'same' },
      ])
      for (const name of names) await identities.link(identity({ ...name, sealedRefreshToken: `of ${name.subject}` }))
      await identities.link(identity({ subject: 'without' }))
      const seen: string[] = []
      for (let after = { issuer: '', subject: '' }; ; ) {
        const step = await identities.listSealed(after, 5)
        const last = step.at(-1)
        if (last === undefined) break
        equal(step.length <= 5, true)
        equal(last.sealedRefreshToken, `of ${last.subject}`)
        seen.push(...step.map((one) => `${one.issuer} ${one.subject}`))
        after = last
      }
      deepEqual(seen.toSorted(), names.map((name) => `${name.issuer} ${name.subject}`).toSorted())
    },
  },
  {
    name: 'identities.reseal replaces what is still there, once, and nothing else',
    async run(store) {
      const { identities } = store
      await people(store)
      await identities.link(identity({ sealedRefreshToken: 'old', checkAt: NOW }))
      await identities.link(identity({ subject: 'other', sealedRefreshToken: 'old' }))
      const resealed = await together(8, (index) => identities.reseal({ issuer, subject }, 'old', `new ${index}`))
      deepEqual(tally(resealed), { true: 1, false: 7 })
      const sealedRefreshToken = `new ${resealed.indexOf(true)}`
      deepEqual(await identities.find(issuer, subject), identity({ sealedRefreshToken, checkAt: NOW }))
      equal((await identities.find(issuer, 'other'))?.sealedRefreshToken, 'old')
      equal(await identities.reseal({ issuer, subject: 'nobody' }, 'old', 'new'), false)
    },
  },
  {
    name: 'identities.takeDue gives those that are due, the longest first, each once',
    async run(store) {
      const { identities } = store
      await people(store)
      for (const [name, checkAt] of [
        ['late', NOW],
        ['later', NOW - 5],
        ['early', NOW + 1],
        ['never', null],
      ] as const)
        await identities.link(identity({ subject: name, checkAt }))
      const taken = await identities.takeDue(NOW, NOW + 60, 10)
      deepEqual(taken, [
        identity({ subject: 'later', checkAt: NOW + 60 }),
        identity({ subject: 'late', checkAt: NOW + 60 }),
      ])
      deepEqual(await identities.takeDue(NOW, NOW + 60, 10), [])
      equal((await identities.takeDue(NOW + 60, NOW + 120, 1)).length, 1)
    },
  },
  {
    name: 'identities.takeDue by 16 at once gives each of 20 to one of them',
    async run(store) {
      const { identities } = store
      await people(store)
      for (let index = 0; index < 20; index += 1)
        await identities.link(identity({ subject: `person-${index}`, checkAt: NOW }))
      const taken = (await together(16, () => identities.takeDue(NOW, NOW + 60, 20))).flat()
      equal(taken.length, 20)
      equal(new Set(taken.map((one) => one.subject)).size, 20)
    },
  },
  {
    name: 'identities.lose revokes grants and ends sessions of that person only, once, and stores its entry',
    async run(store) {
      const { identities, sessions, grants, audit } = store
      await people(store)
      await identities.link(identity({ sealedRefreshToken: 'sealed', checkAt: NOW }))
      await sessions.create(session())
      await sessions.create(session({ hash: 'his', userId: 'user-2' }))
      await grants.create(grant(), code())
      await grants.create(grant({ id: 'grant-2', userId: 'user-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      const event = { type: 'access_ended', reason: 'refused_by_provider', userId: 'user-1' } as const
      const lost = await together(8, () =>
        identities.lose(identity({ sealedRefreshToken: 'sealed' }), NOW, { event, at: NOW, requestId: null }),
      )
      deepEqual(tally(lost), { true: 1, false: 7 })
      deepEqual(await identities.find(issuer, subject), identity())
      equal((await grants.find('grant-1'))?.revokedAt, NOW)
      equal((await grants.find('grant-2'))?.revokedAt, null)
      equal(await sessions.find('cookie-hash', NOW), null)
      equal((await sessions.find('his', NOW))?.userId, 'user-2')
      equal((await audit.readBack(null, { type: 'access_ended' })).records.length, 1)
    },
  },
  {
    name: 'identities.lose does nothing once the person has signed in anew, nor to somebody else’s identity',
    async run(store) {
      const { identities, grants } = store
      await people(store)
      await identities.link(identity({ sealedRefreshToken: 'newer', checkAt: NOW }))
      await grants.create(grant(), code())
      equal(await identities.lose(identity({ sealedRefreshToken: 'older' }), NOW), false)
      equal(await identities.lose(identity({ sealedRefreshToken: null }), NOW), false)
      equal(await identities.lose(identity({ sealedRefreshToken: 'newer', userId: 'user-2' }), NOW), false)
      equal(await identities.lose(identity({ sealedRefreshToken: 'newer', lastSeenAt: NOW - 1 }), NOW), false)
      equal((await grants.find('grant-1'))?.revokedAt, null)
      equal((await identities.find(issuer, subject))?.sealedRefreshToken, 'newer')
    },
  },
]

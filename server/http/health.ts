/**
 * `GET /health/live`: the process answers. `GET /health/ready`: it can serve, its database included.
 *
 * @module
 */
import { Elysia } from 'elysia'
import * as v from 'valibot'
import type { Store } from '../core/ports.ts'

const Health = v.object({ status: v.picklist(['ok', 'unavailable']) })

/** `stopping` turns readiness off before the server stops. */
export const health = (store: Pick<Store, 'ping'>, stopping: () => boolean = () => false) =>
  new Elysia({ name: 'health' })
    .get('/health/live', () => ({ status: 'ok' as const }), { response: Health, detail: { tags: ['Health'] } })
    .get(
      '/health/ready',
      async ({ set, status }) => {
        set.headers['cache-control'] = 'no-store'
        const ready =
          !stopping() &&
          (await store.ping().then(
            () => true,
            () => false,
          ))
        return ready ? { status: 'ok' as const } : status(503, { status: 'unavailable' as const })
      },
      { response: { 200: Health, 503: Health }, detail: { tags: ['Health'] } },
    )

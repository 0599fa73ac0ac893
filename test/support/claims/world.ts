/**
 * A server, and what it claims: its metadata as a client fetches them. Proofs use the addresses that are claimed, and no others.
 *
 * @module
 */
import { expect } from 'bun:test'
import type { ConfigInput } from '../../../server/config.ts'
import { authorizationServerMetadataUrls } from '../../../shared/well-known.ts'
import { createBrowser, createTestServer, formFields, type TestServer, USER } from '../authorization-server.ts'
import { listen, outboundTo, say, whole } from '../outbound.ts'

export interface World {
  readonly server: TestServer
  readonly metadata: Readonly<Record<string, unknown>>
  /** The settings that the server was made with. */
  readonly config: ConfigInput
  /** Publishes JSON where the server can find it; its URL. */
  publish(describe: (url: string) => object): string
  close(): Promise<void>
}

export async function createWorld(config: ConfigInput = {}): Promise<World> {
  const published = new Map<string, string>()
  const site = await listen((socket, head) => {
    const [, path = ''] = head.split(' ')
    const found = published.get(path)
    const answer =
      found === undefined ? whole('404 Not Found') : whole('200 OK', found, 'content-type: application/json')
    say(answer)(socket, head)
  }, 'app')
  const server = await createTestServer(config, { outbound: outboundTo(site).outbound })
  const [url = ''] = authorizationServerMetadataUrls(server.issuer)
  return {
    server,
    config,
    metadata: await (await server.fetch(new URL(url))).json(),
    publish(describe) {
      const path = `/published/${published.size}`
      published.set(path, JSON.stringify(describe(`https://app.example${path}`)))
      return `https://app.example${path}`
    },
    async close() {
      await server.close()
      site.close()
    },
  }
}

/** A proof of what a member of the metadata claims: throws when it is not so. */
export type Proof<Value = unknown> = (claim: Value, world: World) => Promise<void>

/** For whoever claims something new. */
export const UNPROVEN = 'Nothing proves it: add a proof to test/support/claims/proofs.ts, or claim less.'

/** Proves a list by its values. One that the table does not have is a claim without proof. */
export const each =
  (name: string, proofs: Readonly<Record<string, (world: World) => Promise<void>>>): Proof =>
  async (claim, world) => {
    for (const value of strings(claim)) {
      const proof = Object.hasOwn(proofs, value) ? proofs[value] : undefined
      if (proof === undefined) throw new Error(`${name} claims ${value}. ${UNPROVEN}`)
      await proof(world)
    }
  }

/** A claim that is a list of strings, not empty and without repeats. */
export function strings(claim: unknown): readonly string[] {
  expect(claim).toBeArray()
  const values: readonly unknown[] = Array.isArray(claim) ? claim : []
  const texts = values.map(String)
  expect(texts.length).toBeGreaterThan(0)
  expect(new Set(texts).size).toBe(texts.length)
  return texts
}

/** A member that is an address of this server. */
export function endpoint({ metadata, server }: World, name: string): URL {
  const value = metadata[name]
  if (typeof value !== 'string') throw new Error(`${name} is needed for a proof, and not claimed.`)
  expect(value).toStartWith(server.issuer.replace(/\/$/, ''))
  return new URL(value)
}

/** A POST of a form to a claimed endpoint. */
export function post(
  world: World,
  name: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return world.server.fetch(endpoint(world, name), { method: 'POST', body: new URLSearchParams(form), headers })
}

/** A person's browser, which keeps cookies and follows redirects within this server. */
export function createPerson(world: World) {
  const browser = createBrowser(world.server)
  /** Where one ends up: a page, or a redirect that leaves the server. */
  async function visit(url: URL, init: RequestInit = {}): Promise<Arrival> {
    const response = await browser.fetch(url.href, init)
    const location = response.headers.get('location')
    if (location === null) return { url, response, page: await response.text() }
    const next = new URL(location, url)
    return next.origin === url.origin ? visit(next) : { url: next, response, page: '' }
  }
  /** Fills in the first form of a page. */
  function submit({ url, page }: Arrival, fields: Readonly<Record<string, string>>): Promise<Arrival> {
    const action = new URL(/<form\b[^>]*\baction="([^"]*)"/.exec(page)?.[1] ?? '', url)
    const body = new URLSearchParams({ ...formFields(page), ...fields })
    return visit(action, { method: 'POST', body, headers: { origin: url.origin } })
  }
  return {
    visit,
    submit,
    signIn: (arrival: Arrival) => submit(arrival, USER),
    allow: (arrival: Arrival) => submit(arrival, { decision: 'allow' }),
    deny: (arrival: Arrival) => submit(arrival, { decision: 'deny' }),
  }
}

export interface Arrival {
  readonly url: URL
  readonly response: Response
  readonly page: string
}

export const isSignInPage = ({ page }: Arrival): boolean => page.includes('name="password"')
export const isConsentPage = ({ page }: Arrival): boolean => page.includes('name="decision"')

/** The address of a good authorization request. */
export function authorizationUrl(world: World, query: URLSearchParams): URL {
  const url = endpoint(world, 'authorization_endpoint')
  url.search = query.toString()
  return url
}

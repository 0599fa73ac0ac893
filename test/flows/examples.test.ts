/**
 * Each example is a program that checks what it shows: it ends with exit code 0 and one line.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { testInBrowser } from '../support/browser.ts'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'

async function ends(runtime: keyof typeof RUNTIMES, name: string, said: string): Promise<void> {
  const { out, error, code } = await run([...RUNTIMES[runtime], `${ROOT}examples/${name}`], {
    env: { SALLYPORT_CHROMIUM: process.env['SALLYPORT_CHROMIUM'] ?? '/usr/bin/chromium' },
  })
  expect({ out: out.trim(), error: code === 0 ? '' : error, code }).toEqual({ out: said, error: '', code: 0 })
}

test.each([
  ['bun', 'host-sdk-1.ts', 'signed in, called, renewed, signed out'],
  ['node', 'host-sdk-1.ts', 'signed in, called, renewed, signed out'],
  ['bun', 'host-sdk-2.ts', 'signed in, called, renewed, signed out'],
  ['bun', 'plain-fetch.ts', 'called with a token, and only where it belongs'],
  ['bun', 'web-app.ts', 'a web application connected one of its users'],
  ['node', 'agent.ts', 'an agent signed in with its key'],
  ['bun', 'dpop.ts', 'a stolen token opened nothing'],
  ['bun', 'step-up.ts', 'asked for more scope once, when it was needed'],
  ['bun', 'enterprise/main.ts', 'the company let somebody in, and out again'],
  ['node', 'delegation/main.ts', 'the last server saw the person and both agents, until the person was gone'],
  ['bun', 'claude-cli/main.ts', 'hosts and an agent are in, as the README says'],
] as const)('%s examples/%s', ends, 30_000)

test('bun run demo walks through the whole flow', async () => {
  const { out, code } = await run([...RUNTIMES.bun, `${ROOT}examples/walkthrough.ts`])
  expect(out).toContain('Every step was checked.')
  expect(code).toBe(0)
})

test('the index names each of them', async () => {
  const readme = await Bun.file(`${ROOT}examples/README.md`).text()
  const found = ['*.ts', '*/main.ts'].flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(`${ROOT}examples`)])
  const programs = found.map((path) => path.replace(/main\.ts$/, ''))
  const parts = ['start-demo.ts', 'trace.ts']
  expect(programs.length).toBeGreaterThan(10)
  for (const program of programs.filter((name) => !parts.includes(name))) expect(readme).toContain(`](${program})`)
})

testInBrowser('examples/browser-app', () =>
  ends('bun', 'browser-app/main.ts', 'somebody signed in to a page, and out again'),
)

/**
 * The README's quickstart, word for word, in a project that installed the package: its two commands, its program, its output.
 * Only the ports are others, and the person's browser is this test.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { ROOT } from '../support/source-tree.ts'
import { freePort, RUNTIMES, run, type Started, start } from '../support/spawn.ts'
import { installPacked, type PackedProject } from './packed.ts'

setDefaultTimeout(120_000)

const readme = await Bun.file(`${ROOT}README.md`).text()
const [, quickstart = ''] = /```ts\n(\/\/ quickstart\.ts\n[\s\S]*?)```/.exec(readme) ?? []
const [, installed = ''] = /```sh\nnpm install sallyport\n([\s\S]*?)```/.exec(readme) ?? []
const commands = [...installed.matchAll(/^npx sallyport (.+)$/gm)].map(([, args = '']) => args)

const ports = { '9100': `${freePort()}`, '9300': `${freePort()}` }
const withPorts = (text: string): string =>
  text.replace(/9100|9300/g, (port) => (port === '9100' ? ports[9100] : ports[9300]))
const split = (args: string): string[] =>
  (withPorts(args).match(/"[^"]*"|\S+/g) ?? []).map((arg) => arg.replaceAll('"', ''))

let project: PackedProject
const started: Started[] = []

beforeAll(async () => {
  project = await installPacked()
})
afterAll(async () => {
  for (const program of started) {
    program.kill()
    await program.exited
  }
  await project?.remove()
})

/** `sallyport ...` as it was installed. */
const sallyport = (args: readonly string[]): string[] => {
  return [...RUNTIMES.node, project.command, ...args]
}

describe('the quickstart', () => {
  test('has about twenty lines', () => {
    const lines = quickstart.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//'))
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.length).toBeLessThanOrEqual(20)
    expect(commands).toHaveLength(2)
  })

  test('does what it says on every runtime', async () => {
    const [add = '', server = ''] = commands
    expect(await run(sallyport(split(add)), { cwd: project.folder })).toMatchObject({ code: 0 })
    const flags = ['--port', ports[9100], '--dev-login', 'demo']
    const running = start(sallyport([...split(server), ...flags]), { cwd: project.folder })
    started.push(running)
    await running.error.until(/listening/)

    await Bun.write(join(project.folder, 'quickstart.ts'), withPorts(quickstart))
    for (const runtime of Object.values(RUNTIMES)) {
      // Without a PATH no browser is found; the URL is shown on stderr as well, and followed from there.
      const program = start([...runtime, 'quickstart.ts'], { cwd: project.folder, env: { PATH: '/nonexistent' } })
      started.push(program)
      const [url] = await program.error.until(/http:\/\/localhost:\d+\/oauth\/authorize\?\S+/)
      expect((await fetch(url)).status).toBe(200)
      expect(await program.exited).toBe(0)
      expect(await program.out.end()).toMatch(/hello: .?usr_/)
    }
  })
})

/**
 * Claude Code itself, where it is installed (`npm install -g @anthropic-ai/claude-code`; its licence and its size, 360 MB, keep it out of the
 * development dependencies): it starts the bridge as `claude mcp add` was told, and connects through it.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { createClientWorld, sallyport } from '../support/client-world.ts'
import { everythingV1, everythingV2 } from '../support/everything.ts'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'

const claude = Bun.env['SALLYPORT_CLAUDE'] ?? Bun.which('claude')

const SERVERS = [
  ['2025-11-25', everythingV1],
  ['2026-07-28', everythingV2],
] as const
for (const [version, make] of SERVERS) {
  const name = `Claude Code connects to a protected server of ${version} through the bridge, and signs in on the way`
  if (claude === null) {
    console.error(`\n!!! NOT RUN: "${name}" (no claude on the PATH)\n`)
    test.skip(`${name} (no claude on the PATH)`, () => {})
    continue
  }
  test(name, async () => {
    const world = await createClientWorld({ handle: make().handle })
    const { env, home, resource, browser } = world
    const host = (...args: readonly string[]) =>
      run([claude, ...args], { cwd: home, env: { ...env, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' } })
    const bridge = [...RUNTIMES.node, `${ROOT}server/bin.ts`, 'bridge', resource]
    expect(await host('mcp', 'add', 'things', '--', ...bridge)).toMatchObject({ code: 0 })
    expect((await host('mcp', 'list')).out).toMatch(/things: .* - .*Connected/)
    expect(browser.opened).toHaveLength(1)
    // What the host's bridge got is everybody's.
    expect(await sallyport(world, ['status', resource])).toMatchObject({ code: 0 })
    await world.close()
  }, 60_000)
}

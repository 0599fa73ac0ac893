/**
 * The documents say what is: generated pages are current, links lead somewhere, commands exist, dependencies are accounted for.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { decisionsPage } from '../../.ci/decisions-page.ts'
import { AUTHORIZATION_SERVER_CHECKS } from '../../conformance/index.ts'
import { settingsPage } from '../../server/config/markdown.ts'
import { ROOT } from '../support/source-tree.ts'

const read = (path: string): Promise<string> => Bun.file(ROOT + path).text()

const manifest: Record<'scripts' | 'dependencies' | 'devDependencies', Record<string, string>> = await Bun.file(
  `${ROOT}package.json`,
).json()

describe('generated pages are what `bun run docs` writes', () => {
  test('docs/settings.md', async () => expect(await read('docs/settings.md')).toBe(settingsPage()))
  test('docs/adr/README.md', async () => expect(await read('docs/adr/README.md')).toBe(await decisionsPage()))
})

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'STANDARDS.md',
  ...new Bun.Glob('docs/**/*.md').scanSync({ cwd: ROOT }),
]

test('README.md counts the checks of an authorization server', async () => {
  expect(await read('README.md')).toContain(
    `# ${AUTHORIZATION_SERVER_CHECKS.length} checks of any authorization server`,
  )
})

test.each(pages)('%s links only to what exists', async (page) => {
  const links = [...(await read(page)).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
  for (const link of links)
    expect([page, link, await Bun.file(ROOT + join(dirname(page), link)).exists()]).toEqual([page, link, true])
})

test.each(pages)('%s names only commands that exist', async (page) => {
  const named = [...(await read(page)).matchAll(/`?\bbun run ([a-z:]+)/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !(name in manifest.scripts))).toEqual([])
})

test('docs/dependencies.md has one line for each dependency, and no other', async () => {
  const listed = [...(await read('docs/dependencies.md')).matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
  const all = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)]
  expect(listed.sort()).toEqual(all.sort())
})

test('every decision that the source cites exists', async () => {
  const files = [...new Bun.Glob('{shared,server,client,examples,test}/**/*.ts').scanSync({ cwd: ROOT })]
  const texts = await Promise.all(files.map(read))
  const cited = texts.flatMap((text) => text.match(/docs\/adr\/\d{4}[\w-]*\.md/g) ?? [])
  const missing = await Promise.all(cited.map(async (path) => ((await Bun.file(ROOT + path).exists()) ? [] : [path])))
  expect(missing.flat()).toEqual([])
})

describe('SEC-031 nobody installs a local server by a click', () => {
  const shown = [...pages, ...new Bun.Glob('examples/**/*.{md,html}').scanSync({ cwd: ROOT })]

  test.each(shown)('%s has links to pages only', async (page) => {
    const text = await read(page)
    const links = [...text.matchAll(/\]\(<?([a-z][a-z0-9+.-]*:)|\bhref="([a-z][a-z0-9+.-]*:)/gi)]
    expect(
      links.map(([, link, href]) => link ?? href).filter((scheme) => !/^(?:https?|mailto):$/i.test(scheme ?? '')),
    ).toEqual([])
    expect(text).not.toMatch(/\/(?:mcp\/install|install-mcp)\b|deeplink/i)
  })

  test.each(shown)('%s shows of each server in a configuration what is run, whole', async (page) => {
    for (const [, block = ''] of (await read(page)).matchAll(/```jsonc?\n(.*?)```/gs)) {
      if (!block.includes('"mcpServers"')) continue
      const servers: Record<string, Record<string, unknown>> = JSON.parse(block).mcpServers
      for (const [name, { command, args, url }] of Object.entries(servers)) {
        const isWhole = url !== undefined || (typeof command === 'string' && Array.isArray(args))
        expect([name, isWhole]).toEqual([name, true])
      }
    }
  })
})

/**
 * An answer that was fetched from elsewhere and is passed on: on Deno and Node nobody can add a header to it.
 *
 * @see https://fetch.spec.whatwg.org/#headers-class: the guard of a response's headers is immutable
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'

setDefaultTimeout(60_000)

const PROGRAM = `
import { withHeader } from '${ROOT}server/http/with-header.ts'
const answers = [
  await fetch('data:text/plain,fetched'),
  Response.redirect('http://localhost/', 302),
  new Response('made', { status: 201, headers: { 'x-own': '1' } }),
]
for (const answer of answers) {
  const changed = withHeader(answer, 'x-request-id', 'one')
  console.log(changed.status, changed.headers.get('x-request-id'), changed.headers.get('x-own'), await changed.text())
}
`

test.each(Object.entries(RUNTIMES))('%s: the header is added all the same', async (_, runtime) => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-headers-'))
  const program = join(folder, 'program.ts')
  await Bun.write(program, PROGRAM)
  const { out, code } = await run([...runtime, program])
  expect(out.trim().split('\n')).toEqual(['200 one null fetched', '302 one null ', '201 one 1 made'])
  expect(code).toBe(0)
  await rm(folder, { recursive: true })
})

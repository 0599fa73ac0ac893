/**
 * `docs/adr/README.md`: the decisions by area, from their titles.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'

const FOLDER = new URL('../docs/adr/', import.meta.url)

const AREAS: Readonly<Record<string, string>> = {
  '000': 'The project',
  '001': 'Resource module',
  '002': 'Store',
  '003': 'Pages and sign-in',
  '004': 'Protocol',
  '005': 'Client',
  '006': 'Typed RPC',
  '007': 'Performance',
  '008': 'Durability and operation',
  '009': 'Reaching out',
  '010': 'Clients, grants and resources',
  '011': 'Bounds and records',
  '012': 'Documents of clients, and proofs',
  '013': 'Proof of possession',
  '014': 'Conformance',
  '015': 'Client',
  '016': 'Client',
  '017': 'Client',
  '018': 'Delegation, agents and companies',
  '019': 'Delegation, agents and companies',
  '020': 'Delegation, agents and companies',
  '021': 'Durability and operation',
}

/** The page. Throws for a decision without a title, or of an area that has no name. */
export async function decisionsPage(): Promise<string> {
  const names = (await readdir(FOLDER)).filter((name) => /^\d{4}-.*\.md$/.test(name)).sort()
  const decisions = await Promise.all(
    names.map(async (name) => ({ name, area: areaOf(name), title: await titleOf(name) })),
  )
  const sections = [...new Set(Object.values(AREAS))].map((area) => {
    const lines = decisions
      .filter((decision) => decision.area === area)
      .map(({ name, title }) => `- [${title}](${name})`)
    return `## ${area}\n\n${lines.join('\n')}\n`
  })
  return `# Decisions\n\n<!-- Written by \`bun run docs\` from the titles. -->\n\n${sections.join('\n')}`
}

function areaOf(name: string): string {
  const area = AREAS[name.slice(0, 3)]
  if (area === undefined) throw new Error(`${name}: no area has that number. Name it in .ci/decisions-page.ts.`)
  return area
}

async function titleOf(name: string): Promise<string> {
  const [, title] = /^# (.+)\n/.exec(await readFile(new URL(name, FOLDER), 'utf8')) ?? []
  if (title === undefined) throw new Error(`${name} does not begin with a title.`)
  return title
}

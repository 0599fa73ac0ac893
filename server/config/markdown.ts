/**
 * `docs/settings.md`, written from the schema: `bun run docs` prints it into place, and a test compares the two.
 *
 * @module
 */
import { LEAVES, type Leaf } from './leaves.ts'
import { LONGEST_ACCESS_TOKEN } from './limits.ts'
import { defaultInWords } from './words.ts'

/** The page. */
export const settingsPage = (): string => `# Settings

<!-- Written by \`bun run docs\` from server/config.ts and what is in server/config/: change it there. -->

Each setting comes from the first of these that has it: a flag, an environment variable, the config file
(\`sallyport.config.ts\` or \`sallyport.config.json\` in the working directory, or the one that \`--config\` names), the default.
Lists are separated by commas in flags and variables; a flag that is off by default has a \`--no-\` twin and the other way round.
What is wrong is said in one line: exit code 2 for the command line, 1 for everything else.

\`\`\`ts
// sallyport.config.ts
import { defineConfig } from 'sallyport/server/config'

export const config = defineConfig({
  issuer: 'https://auth.example.com',
  database: 'postgres://sallyport@db/sallyport',
  resources: [
    {
      identifier: 'https://mcp.example.com/mcp',
      name: 'Notes',
      scopes: { 'notes:read': 'Read your notes', 'notes:write': 'Add notes' },
      scope_hierarchy: { 'notes:write': ['notes:read'] },
      default_scopes: ['notes:read'],
      access_token_lifetime: 300,
    },
  ],
})
\`\`\`

The secret belongs into the environment (\`SALLYPORT_SECRET\`), not into a file that is checked in.

| Setting | Flag, variable | Default | Meaning |
| --- | --- | --- | --- |
${LEAVES.map(row).join('\n')}

## A resource

In \`resources\`, and as \`sallyport resources put\` and \`show\` have it in JSON:

| Member | Meaning |
| --- | --- |
| \`identifier\` | Its URL, without a fragment: what clients send as \`resource\`, and the \`aud\` of its tokens, compared byte for byte. |
| \`name\` | What the consent page calls it. Default: the identifier. |
| \`scopes\` | Each scope with the sentence that the consent page shows. No wildcards: a scope with a \`*\` is refused. |
| \`scope_hierarchy\` | Scopes with those that they imply, which whoever is granted them is granted as well. Circles are refused. Default: none. |
| \`aliases\` | Other spellings that clients may send, e.g. with a slash at the end. Default: none. |
| \`default_scopes\` | Granted to requests without a scope, where \`oauth.require_scope\` is off. Default: all scopes. |
| \`access_token_lifetime\` | How long its access tokens are valid, from 1 to ${LONGEST_ACCESS_TOKEN} seconds. Default: \`access_token.lifetime\`. |
| \`dpop\` | \`required\`: its access tokens must be bound to a key of the client (DPoP); \`nonce\`: with proofs that hold a nonce, too. Default: \`optional\`. |
`

const row = (leaf: Leaf): string =>
  `| ${[`\`${leaf.name}\``, names(leaf), defaultInWords(leaf), meaning(leaf)].map(cell).join(' | ')} |`

const names = ({ flag, env, kind, defaultValue }: Leaf): string => {
  const useful = kind === 'boolean' && defaultValue === true ? flag?.replace('--', '--no-') : flag
  const given = [useful, env].flatMap((name) => (typeof name === 'string' ? [`\`${name}\``] : []))
  return given.length === 0 ? 'config file only' : given.join(' ')
}

const meaning = ({ kind, description, wanted }: Leaf): string =>
  kind === 'choice' || kind === 'number' || kind === 'structure'
    ? `${description} ${wanted.charAt(0).toUpperCase()}${wanted.slice(1)}.`
    : description

const cell = (text: string): string => text.replaceAll('|', '\\|')

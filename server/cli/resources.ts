/**
 * `sallyport resources`: which MCP servers are protected.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { err, ok, type Result } from '../../shared/result.ts'
import type { Outcome } from '../admin/context.ts'
import {
  checkResources,
  listResources,
  putResources,
  type ResourceAdministration,
  readResources,
  removeResource,
  showResource,
} from '../admin/resources.ts'
import { type Problem, refusal, usage } from '../config/problem.ts'
import { command, dpopOption, group, runWithStore } from './command.ts'

interface NewResource {
  name?: string
  scope: string[]
  implies?: string[]
  alias?: string[]
  defaultScope?: string[]
  tokenLifetime?: string
  dpop?: string
  replace?: true
}

export function addResourceCommands(program: Command): void {
  const resources = group(program, 'resources', 'Which MCP servers are protected.')
  command(resources, 'add <url>', 'Stores a protected resource.')
    .requiredOption('--scope <scope=description...>', 'A scope and what the consent page says of it; can be repeated.')
    .option('--name <name>', 'What the consent page calls it.')
    .option('--implies <scope=scope...>', 'A scope and one that whoever has it has as well; can be repeated.')
    .option('--alias <url...>', 'Another spelling that clients may send, e.g. with a slash at the end.')
    .option('--default-scope <scope...>', 'Granted when a request names no scope. Default: all of them.')
    .option('--token-lifetime <seconds>', 'How long its access tokens are valid. Default: access_token.lifetime.')
    .addOption(dpopOption('Its tokens must be bound to a key of the client; nonce: with proofs that hold a nonce.'))
    .option('--replace', 'Changes the one of this identifier.')
    .action((identifier: string, options: NewResource, self: Command) =>
      run(self, async (context) => {
        const wanted = fromOptions(identifier, options)
        return wanted.ok ? putChecked(context, checkResources(wanted.value), options.replace === true) : wanted
      }),
    )
  command(resources, 'put [file]', 'Stores what JSON describes, one resource or a list; changes those it knows.')
    .addHelpText(
      'after',
      '\nWithout a file, or with -, the JSON comes from stdin. Its shape is that of the config file.',
    )
    .action((file: string | undefined, _: object, self: Command) =>
      run(self, async (context) => {
        const json = await readInput(file)
        return json.ok ? putChecked(context, readResources(json.value), true) : json
      }),
    )
  command(resources, 'show <url>', 'Prints one as JSON, as put takes it.').action(
    (url: string, _: object, self: Command) => run(self, (context) => showResource(context, url)),
  )
  command(resources, 'remove <url>', 'Removes one from the store.').action((url: string, _: object, self: Command) =>
    run(self, (context) => removeResource(context, url)),
  )
  command(resources, 'list', 'Lists those of the config file and of the store.')
    .option('--json', 'As JSON, as put takes it.')
    .action(({ json }: { json?: true }, self: Command) => run(self, (context) => listResources(context, json === true)))
}

const run = (self: Command, act: (context: ResourceAdministration) => Outcome): Promise<void> =>
  runWithStore(self, (store, { resources }) => act({ store, configured: resources }))

async function putChecked(
  context: ResourceAdministration,
  checked: ReturnType<typeof checkResources>,
  replace: boolean,
): Outcome {
  return checked.ok ? putResources(context, checked.value, replace) : checked
}

/** What the options say, in the shape of the config file, not yet checked. */
function fromOptions(identifier: string, options: NewResource): Result<object, Problem> {
  const scopes = options.scope.map(pairOf)
  if (scopes.includes(null)) return err(usage('--scope: wanted e.g. "notes:read=Read your notes".'))
  const implications = (options.implies ?? []).map(pairOf)
  if (implications.includes(null)) return err(usage('--implies: wanted e.g. notes:write=notes:read.'))
  const { tokenLifetime = '' } = options
  if (!/^\d*$/.test(tokenLifetime)) return err(usage('--token-lifetime: wanted a whole number of seconds.'))
  const hierarchy = Map.groupBy(implications.filter(isPair), ([broader]) => broader)
  return ok({
    identifier,
    name: options.name,
    scopes: Object.fromEntries(scopes.filter(isPair)),
    scope_hierarchy: Object.fromEntries([...hierarchy].map(([broader, all]) => [broader, all.map(([, one]) => one)])),
    aliases: options.alias,
    default_scopes: options.defaultScope,
    access_token_lifetime: tokenLifetime === '' ? undefined : Number(tokenLifetime),
    dpop: options.dpop,
  })
}

type Pair = readonly [string, string]

/** `a=b`, where `a` has no equals sign. */
function pairOf(text: string): Pair | null {
  const [, before, after] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  return before === undefined || after === undefined ? null : [before, after]
}

const isPair = (pair: Pair | null): pair is Pair => pair !== null

async function readInput(file = '-'): Promise<Result<string, Problem>> {
  if (file === '-') {
    return process.stdin.isTTY ? err(usage('Name a file, or pipe the JSON in.')) : ok(await text(process.stdin))
  }
  try {
    return ok(await readFile(file, 'utf8'))
  } catch {
    return err(refusal('The file cannot be read.'))
  }
}

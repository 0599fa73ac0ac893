/**
 * `sallyport clients`: the applications that may ask for tokens, and the resource servers that may ask about them.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { err, ok, type Result } from '../../shared/result.ts'
import { rotateSecret } from '../admin/client-secrets.ts'
import { addClient, type ClientProof, listClients, removeClient } from '../admin/clients.ts'
import type { AdminContext, Outcome } from '../admin/context.ts'
import { type Problem, usage } from '../config/problem.ts'
import type { DpopPolicy } from '../core/records.ts'
import { addClientDocumentCommands } from './client-documents.ts'
import { command, dpopOption, group } from './command.ts'

/** Runs a command with the store that its flags name. */
type Run = (self: Command, act: (context: AdminContext) => Outcome) => Promise<void>

interface NewClientOptions {
  readonly name: string
  readonly redirectUri?: readonly string[]
  readonly secret?: true
  readonly jwks?: string
  readonly jwksUri?: string
  readonly clientCredentials?: true
  readonly enterprise?: true
  readonly tokenExchange?: true
  readonly resourceServer?: string
  readonly scope?: readonly string[]
  readonly dpop?: DpopPolicy
  readonly agent?: true
}

const DAY = 24 * 60 * 60

/** As long as anyone plans ahead, in seconds. */
const LONGEST_OVERLAP = 365 * DAY

export function addClientCommands(program: Command, run: Run): void {
  const clients = group(program, 'clients', 'Which applications may ask.')
  command(clients, 'add', 'Registers a client and prints its id.')
    .requiredOption('--name <name>', 'What the consent page calls it.')
    .option('--redirect-uri <uri...>', 'Where answers may be sent; can be repeated. Needed where people sign in.')
    .option('--secret', 'Gives it a secret, printed once.')
    .option('--jwks <file>', 'It signs who it is: a file with its public keys.')
    .option('--jwks-uri <url>', 'It signs who it is: where it publishes its public keys.')
    .option('--client-credentials', 'It gets tokens of its own, without a person.')
    .option('--token-exchange', 'It exchanges tokens, as far as the settings token_exchange and id_jag permit.')
    .option('--enterprise', "It gets tokens for people whom their company's identity provider vouches for.")
    .option('--resource-server <url>', 'It is the server of this resource, and may ask what its tokens are worth.')
    .option('--scope <scopes...>', 'The most that it may ask for. Default: whatever the resource offers.')
    .option('--agent', 'It is software that acts by itself: pages and tokens say so.')
    .addOption(dpopOption('All of its tokens must be bound to a key of its own; nonce: with proofs that hold a nonce.'))
    .action((options: NewClientOptions, self: Command) =>
      run(self, async (context) => {
        const proof = await proofOf(options)
        if (!proof.ok) return proof
        return addClient(context, {
          name: options.name,
          redirectUris: options.redirectUri ?? [],
          proof: proof.value,
          clientCredentials: options.clientCredentials === true,
          tokenExchange: options.tokenExchange === true,
          enterprise: options.enterprise === true,
          resource: options.resourceServer ?? null,
          scopeCeiling: options.scope?.flatMap((scopes) => scopes.split(' ')) ?? null,
          dpop: options.dpop ?? 'optional',
          agent: options.agent === true,
        })
      }),
    )
  command(
    clients,
    'rotate-secret <id>',
    'Gives a client a new secret, printed once. The one before is right for a while, too.',
  )
    .option('--old-valid-for <seconds>', 'For how long; 0: not at all, for one that has leaked.', String(DAY))
    .action((id: string, { oldValidFor }: { oldValidFor: string }, self: Command) =>
      run(self, async (context) => {
        const seconds = /^\d{1,8}$/.test(oldValidFor) ? Number(oldValidFor) : Number.NaN
        if (!(seconds <= LONGEST_OVERLAP)) {
          return err(usage(`--old-valid-for: wanted a whole number of seconds from 0 to ${LONGEST_OVERLAP}.`))
        }
        return rotateSecret(context, id, seconds)
      }),
    )
  command(clients, 'remove <id>', 'Removes a client and revokes everything that it was granted.').action(
    (id: string, _: object, self: Command) => run(self, (context) => removeClient(context, id)),
  )
  command(clients, 'list', 'Lists them.').action((_: object, self: Command) => run(self, listClients))
  addClientDocumentCommands(clients, run)
}

async function proofOf({ secret, jwks, jwksUri }: NewClientOptions): Promise<Result<ClientProof, Problem>> {
  if ([secret, jwks, jwksUri].filter((given) => given !== undefined).length > 1) {
    return err(usage('--secret, --jwks and --jwks-uri exclude each other.'))
  }
  if (jwksUri !== undefined) return ok({ type: 'keys', jwks_uri: jwksUri })
  if (jwks === undefined) return ok({ type: secret === true ? 'secret' : 'none' })
  try {
    return ok({ type: 'keys', jwks: JSON.parse(await readFile(jwks, 'utf8')) })
  } catch {
    return err(usage('--jwks: that file cannot be read as JSON.'))
  }
}

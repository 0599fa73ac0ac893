/**
 * `sallyport`: manages a server's users, clients and resources in the database that the settings name. `bin.ts` starts the server.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { Command } from 'commander'
import { addSessionCommands } from '../client/cli/commands.ts'
import { err, ok } from '../shared/result.ts'
import type { Accounts, AdminContext, Outcome } from './admin/context.ts'
import { readPassword } from './admin/read-password.ts'
import {
  addUser,
  disableUser,
  enableUser,
  linkUser,
  listUsers,
  removeUser,
  setPassword,
  showUser,
  unlinkUser,
} from './admin/users.ts'
import { addClientCommands } from './cli/clients.ts'
import { command, group, runWithStore } from './cli/command.ts'
import { addConformanceCommand } from './cli/conformance.ts'
import { addDoctorCommand } from './cli/doctor.ts'
import { addKeyCommands } from './cli/keys.ts'
import { addMigrateCommand } from './cli/migrate.ts'
import { addRecordCommands } from './cli/records.ts'
import { addRegistrationTokenCommands } from './cli/registration-tokens.ts'
import { addResourceCommands } from './cli/resources.ts'
import { parseQuietly } from './config/flags.ts'
import { exitWith } from './config/load.ts'
import type { IdentityName } from './core/identities.ts'
import type { Users } from './core/ports.ts'
import { systemClock } from './create-server.ts'
import { createUser, PASSWORD_LENGTH } from './login/create-user.ts'
import { hashPassword } from './login/password-hash.ts'
import { hash } from './store/hash.ts'
import { random } from './store/random.ts'
import { MAX_AGE } from './store/recent.ts'

function createProgram(): Command {
  const program = new Command('sallyport')
    .description('MCP authorization: signing in to protected MCP servers, and protecting them.')
    .version(packageVersion(), '-v, --version', 'Prints the version.')
    .helpOption('-h, --help', 'Prints this.')
  addSessionCommands(program)
  program.commandsGroup("A server's side:")
  program.command('server').description('Starts the authorization server. Its settings: sallyport server --help')
  addUserCommands(group(program, 'users', 'Who can sign in.'))
  addClientCommands(program, run)
  addRegistrationTokenCommands(program, run)
  addResourceCommands(program)
  addKeyCommands(program)
  addRecordCommands(program)
  addMigrateCommand(program)
  addConformanceCommand(program)
  addDoctorCommand(program)
  return program.commandsGroup('Help:').helpCommand('help [command]', 'Prints what --help says of it.')
}

function addUserCommands(users: Command): void {
  command(users, 'add <name>', 'Adds a user and asks for the password.')
    .option('--password-stdin', 'Reads the password from stdin.')
    .action((name: string, options: { passwordStdin?: true }, self: Command) =>
      run(self, (context) => withPassword(options, (password) => addUser(context, name, password))),
    )
  command(users, 'password <name>', "Changes a user's password.")
    .option('--password-stdin', 'Reads the password from stdin.')
    .action((name: string, options: { passwordStdin?: true }, self: Command) =>
      run(self, (context) => withPassword(options, (password) => setPassword(context, name, password))),
    )
  command(users, 'remove <name>', 'Removes a user and revokes everything that they granted.').action(
    (name: string, _: object, self: Command) => run(self, (context) => removeUser(context, name)),
  )
  command(
    users,
    'disable <name>',
    'Keeps a user from signing in, signs them out and revokes everything that they granted.',
  ).action((name: string, _: object, self: Command) => run(self, (context) => disableUser(context, name)))
  command(users, 'enable <name>', 'Lets a disabled user sign in again.').action(
    (name: string, _: object, self: Command) => run(self, (context) => enableUser(context, name)),
  )
  const identity = (parent: Command): Command =>
    parent
      .requiredOption('--issuer <url>', 'The provider, as its tokens name it.')
      .requiredOption('--subject <sub>', 'The person, as its tokens name them (`sub`).')
  identity(command(users, 'link <name>', 'Lets a user sign in as somebody at a company’s identity provider.')).action(
    (name: string, options: IdentityName, self: Command) =>
      run(self, (context) => linkUser(context, name, { issuer: options.issuer, subject: options.subject })),
  )
  identity(command(users, 'unlink', 'Takes that back.')).action((options: IdentityName, self: Command) =>
    run(self, (context) => unlinkUser(context, { issuer: options.issuer, subject: options.subject })),
  )
  command(users, 'show <name>', 'Shows one, and who they are at companies’ identity providers.').action(
    (name: string, _: object, self: Command) => run(self, (context) => showUser(context, name)),
  )
  command(users, 'list', 'Lists them.').action((_: object, self: Command) => run(self, listUsers))
}

async function withPassword(options: { passwordStdin?: true }, act: (password: string) => Outcome): Outcome {
  const password = await readPassword(options.passwordStdin === true)
  return password.ok ? act(password.value) : password
}

const run = (self: Command, act: (context: AdminContext) => Outcome): Promise<void> =>
  runWithStore(self, (store) =>
    act({ store, accounts: accountsIn(store.users), now: systemClock, random, hash, noticed }),
  )

/** A timer may be a little early. */
const noticed = (): Promise<void> => setTimeout(MAX_AGE + 50)

const accountsIn = (users: Users): Accounts => ({
  create: (username, password) => createUser({ users, now: systemClock, random }, { username, password }),
  async encode(password) {
    const length = [...password.normalize('NFKC')].length
    const fits = length >= PASSWORD_LENGTH.min && length <= PASSWORD_LENGTH.max
    return fits ? ok(await hashPassword(password)) : err('bad_password_length')
  },
})

/** `bun run compile` puts it in: the executable has no package.json beside it. */
declare const SALLYPORT_VERSION: string | undefined

/** Next to the compiled files, or above them. */
function packageVersion(): string {
  if (typeof SALLYPORT_VERSION === 'string') return SALLYPORT_VERSION
  for (const place of ['../package.json', '../../package.json']) {
    const url = new URL(place, import.meta.url)
    if (existsSync(url)) return JSON.parse(readFileSync(url, 'utf8')).version
  }
  return 'unknown'
}

const problem = await parseQuietly(createProgram(), process.argv.slice(2))
if (problem !== null) exitWith(problem)

/**
 * `sallyport migrate`: brings the database up to date before a server does it, or shows how.
 *
 * @module
 */
import type { Command } from 'commander'
import { ok } from '../../shared/result.ts'
import { systemClock } from '../create-server.ts'
import { migrateDatabase, planMigrations } from '../store/migrate-database.ts'
import { command, run, warn } from './command.ts'

export function addMigrateCommand(program: Command): void {
  command(program, 'migrate', 'Brings the database up to date. (Every start of the server does.)')
    .option('--plan', 'Prints the SQL that would run, and runs nothing.')
    .action(({ plan }: { plan?: true }, self: Command) =>
      run(self, async ({ database }) => {
        if (plan) return ok((await planMigrations(database, systemClock())) ?? `-- ${NOTHING}`)
        const names = await migrateDatabase(database, systemClock(), warn)
        return ok(names.length === 0 ? NOTHING : `Applied ${names.join(', ')}.`)
      }),
    )
}

const NOTHING = 'Nothing to do: the database is up to date.'

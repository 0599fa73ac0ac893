/**
 * Writes the pages that come from the source.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { settingsPage } from '../server/config/markdown.ts'

await writeFile(new URL('../docs/settings.md', import.meta.url), settingsPage())

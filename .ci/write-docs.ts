/**
 * Writes the pages that come from the source.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { settingsPage } from '../server/config/markdown.ts'
import { decisionsPage } from './decisions-page.ts'
import { standardsPage } from './standards-page.ts'

await writeFile(new URL('../docs/settings.md', import.meta.url), settingsPage())
await writeFile(new URL('../docs/adr/README.md', import.meta.url), await decisionsPage())
await writeFile(new URL('../STANDARDS.md', import.meta.url), await standardsPage())

/**
 * The examination behind `sallyport doctor`.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { diagnose, toDiagnosisText, toHtml } from '../../conformance/index.ts'
import { visitInBrowser } from './visit-in-browser.ts'

export interface ExaminationOptions {
  readonly connect?: true
  readonly browser?: true
  readonly scope?: string
  readonly html?: string
  /** Seconds. */
  readonly timeout: number
}

/** Prints what is found, and gives the exit code. */
export async function examine(
  url: string,
  { browser, connect, html, scope, timeout }: ExaminationOptions,
): Promise<number> {
  const visiting = browser === true ? await visitInBrowser({ timeout }) : undefined
  try {
    const { visit, redirectUri } = visiting ?? {}
    const wholeWay = connect === true || browser === true
    const diagnosis = await diagnose({ url, connect: wholeWay, scope, timeout, visit, redirectUri })
    process.stdout.write(toDiagnosisText(diagnosis))
    if (html !== undefined) await writeFile(html, toHtml(diagnosis.reports, url))
    return diagnosis.steps.some(({ results }) => results.some(({ status }) => status === 'fail')) ? 1 : 0
  } finally {
    await visiting?.close()
  }
}

/**
 * The report as one page that needs nothing else: no script, no font, no request.
 *
 * @module
 */
import { html as markup } from 'ghtml'
import { bySection, type CheckResult, countOf, type Report, type Status } from '../core/report.ts'
import { STYLES } from './styles.ts'
import { printable, receivedOf, sentOf } from './wire.ts'

const WORDS: Readonly<Record<Status, string>> = { pass: 'pass', fail: 'fail', warning: 'warning', skipped: 'skipped' }
const COUNTED: Readonly<Record<Status, string>> = {
  pass: 'passed',
  fail: 'failed',
  warning: 'warnings',
  skipped: 'skipped',
}

/** Text that a server may have had a hand in. One value at a time, so that nothing before it can turn escaping off. */
const text = (value: string | number): string => markup`${printable(String(value))}`

export function toHtml(reports: readonly Report[], title = 'Conformance report'): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${STYLES}</style>
</head>
<body>
<main>
${reports.map(server).join('\n')}
<footer>Made by Sallyport. Secrets that were sent and received are left out.</footer>
</main>
</body>
</html>
`
}

function server(report: Report): string {
  const counts = (['fail', 'warning', 'pass', 'skipped'] as const)
    .map(
      (status) =>
        `<li class="${status}">${countOf(report, status)} ${status === 'warning' && countOf(report, status) === 1 ? 'warning' : COUNTED[status]}</li>`,
    )
    .join('')
  return `<section class="server">
<header><h1>${text(report.target)}</h1><p>${text(capital(report.role))}, checked ${text(report.startedAt.replace('T', ' ').slice(0, 16))} UTC</p>
<ul class="counts">${counts}</ul></header>
${findingsOf(report)}
${bySection(report).map(group).join('\n')}
</section>`
}

/** What a reader comes for, first. */
function findingsOf({ results }: Report): string {
  const found = (['fail', 'warning'] as const).flatMap((status) => results.filter((result) => result.status === status))
  const rows = found.map(
    ({ id, status, title }) =>
      `<li><div class="row"><span class="mark ${status}">${WORDS[status]}</span><p><a href="#${text(id)}">${text(title)}</a></p></div></li>`,
  )
  return rows.length === 0 ? '' : `<h2>What to look at</h2>\n<ul class="results">${rows.join('\n')}</ul>`
}

const group = ([spec, results]: readonly [string, readonly CheckResult[]]): string =>
  `<h2>${text(spec)}</h2>\n<ul class="results">${results.map((result) => `<li id="${text(result.id)}">${item(result)}</li>`).join('\n')}</ul>`

function item(result: CheckResult): string {
  const { status, title, section, id, note } = result
  const told = note === undefined ? '' : `<p class="note">${text(note)}</p>`
  const row = `<div class="row"><span class="mark ${status}">${WORDS[status]}</span><div><p>${text(title)}</p>${told}<p class="where">${text(section)} · ${text(id)}</p></div></div>`
  if (status === 'pass' || status === 'skipped') return row
  // Whoever comes from the list at the top finds it open; a reader may close it.
  return `<details open><summary>${row}</summary><div class="more">${findings(result)}</div></details>`
}

function findings({ expected, received, mend, exchange }: CheckResult): string {
  const members = Object.entries({ Expected: expected, Received: received, 'What to do': mend })
  const list = members.map(([name, value]) => (value === undefined ? '' : `<dt>${name}</dt><dd>${text(value)}</dd>`))
  const wire =
    exchange === undefined ? '' : `<pre>${text(sentOf(exchange))}</pre><pre>${text(receivedOf(exchange))}</pre>`
  return `<dl>${list.join('')}</dl>${wire}`
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

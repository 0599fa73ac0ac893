/**
 * The stylesheet of the report: light and dark, readable on a phone and on paper.
 *
 * @module
 */

export const STYLES = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #1a1d24; --quiet: #5a6170; --line: #dfe2e8;
  --well: #f1f3f6; --pass: #17603a; --fail: #9a1f1f; --warning: #6b4700; --skipped: #5a6170; --accent: #3a5bc7;
  --fail-ground: #fdeeee; --warning-ground: #fdf5e1; --pass-ground: #eaf7ef; --skipped-ground: #eceef2; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #101217; --card: #181b22; --text: #e9ebf0; --quiet: #a0a7b6; --line: #2d323d; --well: #11141a;
    --pass: #9adbb4; --fail: #ffb4ae; --warning: #f2d48c; --skipped: #a0a7b6; --accent: #9db2ff;
    --fail-ground: #331a1a; --warning-ground: #2c2413; --pass-ground: #14291d; --skipped-ground: #242832; }
}
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; text-wrap: balance; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .6rem; }
header p { margin: 0; color: var(--quiet); }
section.server + section.server { margin-top: 4rem; padding-top: 3rem; border-top: 1px solid var(--line); }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
.counts li, .mark { border-radius: 99px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.counts li { padding: .3rem .85rem; }
.mark { padding: .05rem .6rem; font-size: .8rem; flex: none; min-width: 5.2rem; text-align: center; }
.pass { color: var(--pass); background: var(--pass-ground); }
.fail { color: var(--fail); background: var(--fail-ground); }
.warning { color: var(--warning); background: var(--warning-ground); }
.skipped { color: var(--skipped); background: var(--skipped-ground); }
.results { margin: 0; padding: 0; list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.results > li + li { border-top: 1px solid var(--line); }
.row { display: flex; gap: .9rem; align-items: baseline; padding: .6rem 1rem; }
.row p { margin: 0; overflow-wrap: anywhere; }
.where, .note { color: var(--quiet); font-size: .85rem; }
.results a { color: var(--accent); }
details summary { cursor: pointer; list-style: none; }
details summary::-webkit-details-marker { display: none; }
details summary:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: .75rem; }
.more { padding: 0 1rem 1rem 7.1rem; }
.more dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 0 0 .75rem; }
.more dt { color: var(--quiet); }
.more dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: .5rem 0 0; padding: .75rem 1rem; background: var(--well); border: 1px solid var(--line); border-radius: .5rem;
  font: .8rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 3rem; color: var(--quiet); font-size: .85rem; }
@media (max-width: 36rem) {
  .row { flex-direction: column; gap: .3rem; }
  .more { padding-left: 1rem; }
  .more dl { grid-template-columns: 1fr; gap: 0; }
  .more dd { margin-bottom: .4rem; }
}
@media print { body { background: none; } main { max-width: none; padding: 0; } }
`

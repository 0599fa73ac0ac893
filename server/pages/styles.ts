/**
 * The stylesheet: one quiet style, light and dark, from a phone's width up. Colours meet WCAG 2.2 level AA on their grounds.
 *
 * @see WCAG 2.2, 1.4.3 (contrast), 1.4.10 (reflow), 2.4.7 (focus visible), 2.5.8 (target size)
 * @module
 */

export const STYLES = `
:root {
  color-scheme: light dark;
  --ground: #f3f4f7;
  --card: #ffffff;
  --well: #f6f7f9;
  --text: #1a1d24;
  --quiet: #5a6170;
  --line: #dfe2e8;
  --edge: #858c9b;
  --accent: #3a5bc7;
  --accent-strong: #2f4cab;
  --on-accent: #ffffff;
  --careful: #6b4700;
  --careful-ground: #fdf5e1;
  --careful-line: #eccf8d;
  --bad: #9a1f1f;
  --bad-ground: #fdeeee;
  --bad-line: #f0bcbc;
  --good: #17603a;
  --good-ground: #eaf7ef;
  --good-line: #b3dfc4;
  --shadow: 0 1px 2px rgb(20 25 40 / .05), 0 12px 32px -12px rgb(20 25 40 / .14);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101217;
    --card: #181b22;
    --well: #1f232c;
    --text: #e9ebf0;
    --quiet: #a0a7b6;
    --line: #2d323d;
    --edge: #727a8a;
    --accent: #9db2ff;
    --accent-strong: #b6c6ff;
    --on-accent: #10193a;
    --careful: #f2d48c;
    --careful-ground: #2c2413;
    --careful-line: #574620;
    --bad: #ffb4ae;
    --bad-ground: #331a1a;
    --bad-line: #663131;
    --good: #9adbb4;
    --good-ground: #14291d;
    --good-line: #2a5539;
    --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: grid;
  grid-template-rows: auto 1fr auto;
  justify-items: center;
  padding: 1.5rem 1rem 1rem;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: anywhere;
}
header {
  display: flex;
  align-items: center;
  gap: .5rem;
  margin: 0 0 1rem;
  font-size: .9375rem;
  font-weight: 600;
  letter-spacing: -.005em;
}
header img { display: block; }
main {
  align-self: start;
  width: 100%;
  max-width: 29rem;
  padding: 2rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 16px;
  box-shadow: var(--shadow);
}
footer { margin-top: 1.25rem; color: var(--quiet); font-size: .8125rem; text-align: center; }
footer strong { font-weight: 600; }
@media (min-height: 44rem) and (min-width: 40rem) {
  body { padding-top: 10vh; }
}
@media (max-width: 30rem) {
  main { padding: 1.5rem 1.25rem; }
}

h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.018em; font-weight: 650; text-wrap: balance; }
h2 { font-size: .9375rem; line-height: 1.4; font-weight: 600; }
h3 { font-size: 1rem; line-height: 1.4; font-weight: 600; }
h3 strong { font-weight: inherit; }
h1 + * { margin-top: .75rem; }
p + p { margin-top: .5rem; }
em { font-style: normal; font-weight: 600; }
.quiet { color: var(--quiet); }
code { font: .875em/1.4 ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.lead { font-size: 1.0625rem; }
h1 + .lead { margin-top: .375rem; }
p.quiet, dd.quiet { font-size: .875rem; line-height: 1.45; }
main > .quiet { margin-top: 1.5rem; }

.facts { margin-top: 1.25rem; background: var(--well); border: 1px solid var(--line); border-radius: 12px; }
.facts > div { padding: .75rem 1rem; }
.facts > div + div { border-top: 1px solid var(--line); }
.facts dt { color: var(--quiet); font-size: .8125rem; line-height: 1.4; }
.facts strong, .facts em { font-weight: 500; }
.logo { float: right; margin-left: .75rem; border-radius: 8px; object-fit: contain; }
.tag {
  display: inline-block;
  padding: 0 .5rem;
  border: 1px solid var(--edge);
  border-radius: 999px;
  color: var(--quiet);
  font-size: .75rem;
  line-height: 1.375rem;
  font-weight: 600;
  vertical-align: .0625rem;
}
.target { font-size: 1.1875rem; line-height: 1.35; font-weight: 650; letter-spacing: -.01em; }

section { margin-top: 1.5rem; }
ul { list-style: none; }
.scopes { margin-top: .5rem; display: grid; gap: .5rem; }
.scopes li { position: relative; padding-left: 1.5rem; }
.scopes li::before {
  content: "";
  position: absolute;
  left: .25rem;
  top: .42em;
  width: .375rem;
  height: .6875rem;
  border: solid var(--accent);
  border-width: 0 2px 2px 0;
  transform: rotate(42deg);
}
.scopes .quiet { white-space: nowrap; }

.note { margin-top: 1.25rem; padding: .75rem 1rem; border: 1px solid; border-radius: 12px; font-size: .9375rem; }
.careful { color: var(--careful); background: var(--careful-ground); border-color: var(--careful-line); }
.bad { color: var(--bad); background: var(--bad-ground); border-color: var(--bad-line); }
.good { color: var(--good); background: var(--good-ground); border-color: var(--good-line); }

form { margin-top: 1.5rem; }
.field + .field { margin-top: 1rem; }
label { display: block; margin-bottom: .375rem; font-size: .9375rem; font-weight: 550; }
input:not([type="hidden"]) {
  width: 100%;
  min-height: 2.875rem;
  padding: .5rem .75rem;
  border: 1px solid var(--edge);
  border-radius: 10px;
  background: var(--card);
  color: inherit;
  font: inherit;
}
input[aria-invalid="true"] { border-color: var(--bad); }
.actions { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin-top: 1.5rem; }
button {
  min-height: 2.875rem;
  padding: .5rem 1.25rem;
  border: 1px solid var(--edge);
  border-radius: 10px;
  background: transparent;
  color: inherit;
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { background: var(--well); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
a, button.link {
  border-radius: 4px;
  color: var(--accent);
  font-weight: 550;
  text-decoration: underline;
  text-underline-offset: .2em;
}
button.link { min-height: 1.75rem; padding: 0; border: 0; background: none; }
.actions + .quiet { margin-top: 1rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

.who {
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  align-items: baseline;
  gap: .25rem 1rem;
  margin-top: 1.5rem;
  color: var(--quiet);
  font-size: .875rem;
}
.actions + .who, form + .who { padding-top: 1rem; border-top: 1px solid var(--line); }
.who p + p { margin-top: 0; }
.who strong { color: var(--text); font-weight: 600; }
.who button { font-size: inherit; }
h1 + .who { margin-top: .25rem; }

.providers { display: grid; gap: .75rem; }
.or { display: flex; align-items: center; gap: .75rem; margin-top: 1.5rem; color: var(--quiet); font-size: .875rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.or + form { margin-top: 1rem; }

.empty { margin-top: .5rem; color: var(--quiet); }
.grants { display: grid; gap: .75rem; margin-top: .75rem; }
.grants > li { padding: 1rem; border: 1px solid var(--line); border-radius: 12px; }
.grants .scopes { margin-top: .75rem; font-size: .9375rem; }
.grants form { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1rem; margin-top: .875rem; }
.grants button { min-height: 2.5rem; padding: .375rem 1rem; font-size: .9375rem; }
.pages { display: flex; align-items: center; justify-content: space-between; gap: 1rem; margin-top: 1rem; }
.pages a { min-height: 1.75rem; }
.pages span { color: var(--quiet); font-size: .875rem; }
@media (forced-colors: active) {
  .scopes li::before { border-color: CanvasText; }
}
`.trim()

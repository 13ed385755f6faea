/**
 * The page's style: one set of colours for light and dark, each text at 4.5:1 or better on its ground (WCAG 2.2 AA),
 * a state never by colour alone. Wide: tables; below 720 px each row is a block of its own.
 */
export const styleCss = `
:root {
  --ground: #f4f6f8; --panel: #ffffff; --line: #dde3e9; --faint: #eef1f4;
  --text: #15202b; --quiet: #52606d; --accent: #12558f;
  --up: #0b6b3a; --up-ground: #dff4e8; --degraded: #7c4700; --degraded-ground: #fdeecb;
  --down: #a41616; --down-ground: #fde4e2; --unknown: #475562; --unknown-ground: #e8ecf0;
  --shadow: 0 1px 2px rgb(16 32 48 / .06), 0 4px 16px rgb(16 32 48 / .05);
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0c1116; --panel: #141b22; --line: #28323c; --faint: #1b242d;
    --text: #e8eef4; --quiet: #9cabba; --accent: #7dbdf5;
    --up: #6fdc9f; --up-ground: #10301f; --degraded: #f2c265; --degraded-ground: #36280b;
    --down: #ff9d96; --down-ground: #431618; --unknown: #b6c2cd; --unknown-ground: #26303a;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, p, dl, dd { margin: 0; }
h2 { font-size: 17px; font-weight: 650; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-tone=up] { --tone: var(--up); --tone-ground: var(--up-ground); }
[data-tone=degraded] { --tone: var(--degraded); --tone-ground: var(--degraded-ground); }
[data-tone=down] { --tone: var(--down); --tone-ground: var(--down-ground); }
[data-tone=unknown] { --tone: var(--unknown); --tone-ground: var(--unknown-ground); }

.top, main, footer { max-width: 1200px; margin: 0 auto; padding: 0 24px; }
.top { display: flex; align-items: center; gap: 14px; padding-top: 18px; padding-bottom: 18px; }
.brand { display: inline-flex; align-items: center; gap: 10px; color: inherit; font-size: 19px; font-weight: 700; letter-spacing: -.01em; text-decoration: none; }
.tenant { color: var(--quiet); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tenant:not(:empty)::before { content: "/"; margin-right: 12px; color: var(--line); }
.connection { margin-left: auto; display: inline-flex; align-items: center; gap: 8px; padding: 4px 12px 4px 10px; border-radius: 99px; background: var(--unknown-ground); color: var(--unknown); font-size: 13px; font-weight: 600; white-space: nowrap; }
.connection::before { content: ""; width: 8px; height: 8px; border-radius: 50%; border: 2px solid currentColor; }
[data-connection=live] .connection { background: var(--up-ground); color: var(--up); }
[data-connection=live] .connection::before { background: currentColor; }
[data-connection=waiting] .connection { background: var(--degraded-ground); color: var(--degraded); }
@media (prefers-reduced-motion: no-preference) {
  [data-connection=waiting] .connection::before, [data-connection=connecting] .connection::before { animation: beat 1.2s ease-in-out infinite; }
  .fresh { animation: fresh 1.6s ease-out; }
}
@keyframes beat { 50% { opacity: .25; } }
@keyframes fresh { from { background: var(--faint); } }

.notice { margin-bottom: 14px; padding: 12px 16px; border-radius: 10px; background: var(--degraded-ground); color: var(--degraded); font-weight: 550; }
.notice::before { content: "!"; display: inline-block; width: 20px; height: 20px; margin-right: 10px; border-radius: 50%; background: var(--degraded); color: var(--degraded-ground); text-align: center; font-weight: 800; font-size: 13px; line-height: 20px; }
.verdict { display: flex; align-items: center; gap: 20px; padding: 22px 24px; margin-bottom: 30px; border-radius: 14px; background: linear-gradient(100deg, var(--tone-ground), var(--panel) 46%); border: 1px solid var(--line); box-shadow: var(--shadow); }
.verdict h1 { font-size: 27px; line-height: 1.2; font-weight: 700; letter-spacing: -.02em; }
.verdict p { margin-top: 4px; }
.verdict-words { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.mark { flex: none; display: grid; place-items: center; width: 52px; height: 52px; border-radius: 50%; background: var(--tone); color: var(--panel); }
.mark::before { content: ""; width: 20px; height: 20px; }
.tiles { display: flex; gap: 10px; }
.tile { min-width: 88px; padding: 10px 14px; border-radius: 10px; background: var(--faint); display: flex; flex-direction: column-reverse; }
.tile dt { font-size: 13px; color: var(--quiet); }
.tile dd { font-size: 24px; line-height: 1.15; font-weight: 680; }
.tile.some { background: var(--tone-ground); }
.tile.some dd, .tile.some dt { color: var(--tone); }

.heading { display: flex; align-items: baseline; gap: 12px; margin: 0 4px 10px; }
.aside { color: var(--quiet); font-size: 13.5px; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); overflow: hidden; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 24px; align-items: start; margin-top: 30px; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th { padding: 10px 12px; text-align: left; font-size: 12.5px; font-weight: 600; color: var(--quiet); border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 10px 12px; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { padding-left: 18px; }
th:last-child, td:last-child { padding-right: 18px; }
table:not(:has(tbody tr)) { display: none; }
.checks th:nth-child(1) { width: 152px; } .checks th:nth-child(3) { width: 31%; }
.checks th:nth-child(4), .checks th:nth-child(5) { width: 94px; } .checks th:nth-child(6) { width: 108px; }
.nodes th:nth-child(1) { width: 122px; } .nodes th:nth-child(3) { width: 76px; } .nodes th:nth-child(4) { width: 84px; } .nodes th:nth-child(5) { width: 106px; }
.results th:nth-child(1) { width: 122px; } .results th:nth-child(3) { width: 88px; } .results th:nth-child(4) { width: 104px; }
.figure, th.figure { white-space: nowrap; }
.checks th:nth-child(n+4), .checks td:nth-child(n+4), .nodes th:nth-child(n+4), .nodes td:nth-child(n+4), .results th:nth-child(n+3), .results td:nth-child(n+3) { text-align: right; }
.name { font-weight: 600; }
.under { color: var(--quiet); font-size: 13.5px; }
.clamp { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.kind { display: inline-block; margin-right: 8px; padding: 0 6px; border-radius: 5px; background: var(--faint); color: var(--quiet); font-size: 12px; font-weight: 600; }
.target { word-break: break-all; }
.line { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.late { color: var(--degraded); font-weight: 600; }

.state { display: inline-flex; align-items: center; gap: 7px; padding: 2px 10px 2px 9px; border-radius: 99px; background: var(--tone-ground); color: var(--tone); font-size: 13px; font-weight: 650; white-space: nowrap; }
.state::before { content: ""; width: 9px; height: 9px; flex: none; }
.state::before, .mark::before { background: currentColor; }
[data-tone=up] .mark::before { clip-path: polygon(0 52%, 14% 38%, 37% 61%, 86% 12%, 100% 26%, 37% 89%); }
.state[data-tone=up]::before { border-radius: 50%; }
[data-tone=degraded] .mark::before, .state[data-tone=degraded]::before { clip-path: polygon(50% 4%, 100% 96%, 0 96%); }
[data-tone=down] .mark::before, .state[data-tone=down]::before { clip-path: polygon(20% 0, 50% 30%, 80% 0, 100% 20%, 70% 50%, 100% 80%, 80% 100%, 50% 70%, 20% 100%, 0 80%, 30% 50%, 0 20%); }
.state[data-tone=unknown]::before { background: none; border: 2px solid currentColor; border-radius: 50%; }
[data-tone=unknown] .mark::before { content: "?"; width: auto; height: auto; background: none; font-size: 26px; font-weight: 800; line-height: 1; }
.flapping { display: block; width: fit-content; margin-top: 5px; padding: 0 8px; border: 1px dashed var(--degraded); border-radius: 99px; color: var(--degraded); font-size: 12px; font-weight: 600; }
.empty:empty { display: none; }
.empty { padding: 34px 24px; text-align: center; color: var(--quiet); }
.empty code { display: block; width: fit-content; max-width: 100%; margin: 12px auto 0; padding: 8px 12px; border-radius: 8px; background: var(--faint); color: var(--text); text-align: left; overflow-wrap: anywhere; }
.more { display: block; margin: 12px auto 0; padding: 8px 18px; border: 1px solid var(--line); border-radius: 99px; background: var(--panel); color: var(--accent); font: inherit; font-weight: 600; cursor: pointer; }
.more:hover { border-color: var(--accent); }
.old { filter: grayscale(1) opacity(.95); }
footer { padding-top: 26px; padding-bottom: 34px; color: var(--quiet); font-size: 13.5px; }

@media (max-width: 1000px) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .verdict { flex-wrap: wrap; }
  .tiles { width: 100%; } .tile { flex: 1; }
}
@media (max-width: 720px) {
  .top, main, footer { padding-left: 14px; padding-right: 14px; }
  .top { padding-top: 12px; padding-bottom: 12px; gap: 10px; }
  .verdict { gap: 14px; padding: 16px; margin-bottom: 24px; }
  .verdict h1 { font-size: 21px; }
  .mark { width: 42px; height: 42px; } .mark::before { width: 16px; height: 16px; }
  .tiles { gap: 8px; } .tile { min-width: 0; padding: 8px 10px; } .tile dd { font-size: 20px; } .tile dt { font-size: 12.5px; }
  table, tbody { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: grid; gap: 2px 12px; padding: 12px 14px; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  td, td:first-child, td:last-child { padding: 0; border: 0; }
  td.labelled::before { content: attr(data-label); display: block; color: var(--quiet); font-size: 12px; line-height: 1.3; }
  td.figure, .nodes td:nth-child(3) { font-size: 14px; }
  .checks tr, .nodes tr { grid-template-columns: 1fr 1fr 1fr; row-gap: 8px; }
  .checks td:nth-child(1), .nodes td:nth-child(1) { order: 2; justify-self: end; }
  .checks td:nth-child(2), .nodes td:nth-child(2) { order: 1; grid-column: 1 / 3; }
  .checks td:nth-child(3) { order: 3; grid-column: 1 / -1; }
  .checks td:nth-child(n+4), .nodes td:nth-child(n+3) { order: 4; text-align: left; }
  .flapping { margin-left: auto; }
  .results tr { grid-template-columns: 1fr auto; }
  .results td:nth-child(1) { order: 2; } .results td:nth-child(2) { order: 1; }
  .results td:nth-child(3) { order: 3; text-align: left; } .results td:nth-child(4) { order: 4; }
}
@media (forced-colors: active) { .state, .tile, .notice, .connection { border: 1px solid; } .state::before, .mark::before { forced-color-adjust: none; } }
`;

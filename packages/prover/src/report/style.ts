/** The whole style of the HTML report. Shape as well as colour tells the verdicts apart. */
export const style = `
:root { color-scheme: light dark; --paper: light-dark(#fff, #14161a); --ink: light-dark(#1a1d21, #e6e8eb);
  --faint: light-dark(#5b6470, #9aa3ae); --line: light-dark(#d7dce1, #333941); --good: light-dark(#1c6b3a, #7fd6a0);
  --goodpaper: light-dark(#e3f4e9, #163424); --bad: #fff; --badpaper: #b3261e; --open: light-dark(#6b4a00, #f3cf7a);
  --openpaper: light-dark(#fdf0cf, #3b2e0c); --code: light-dark(#f4f6f8, #1d2127); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 90rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p, ul { margin: .4rem 0; } .faint { color: var(--faint); }
.verdict { display: inline-block; margin: 1rem 0; padding: .5rem .9rem; border-radius: 6px; font-weight: 600; }
.verdict.exit0 { background: var(--goodpaper); color: var(--good); }
.verdict.exit1 { background: var(--badpaper); color: var(--bad); }
.verdict.exit2 { background: var(--openpaper); color: var(--open); }
.scroll { overflow: auto; max-height: 80vh; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: separate; border-spacing: 0; }
caption { text-align: left; padding: .5rem .6rem; color: var(--faint); }
th, td { padding: .15rem .4rem; border-bottom: 1px solid var(--line); text-align: center; }
thead th { position: sticky; top: 0; background: var(--paper); vertical-align: bottom; font-weight: 500; z-index: 1; }
thead th span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
tbody th { position: sticky; left: 0; background: var(--paper); text-align: left; white-space: nowrap;
  font: 13px/1.4 ui-monospace, monospace; }
td { font: 13px/1.4 ui-monospace, monospace; min-width: 1.9rem; }
td a { color: inherit; display: block; }
.refused { background: var(--goodpaper); color: var(--good); }
.leaked { background: var(--badpaper); color: var(--bad); font-weight: 700; }
.inconclusive, .accepted { background: var(--openpaper); color: var(--open); }
.none { color: var(--faint); }
.legend span { display: inline-block; min-width: 1.5rem; text-align: center; margin: 0 .35rem 0 1rem; border-radius: 3px; }
.legend span:first-child { margin-left: 0; }
article { border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; margin: .75rem 0; }
article:target { outline: 3px solid var(--badpaper); } article h3 { font-size: 1rem; margin: 0 0 .3rem; }
.severity { display: inline-block; padding: 0 .5rem; border-radius: 3px; font-size: .85rem; border: 1px solid currentColor; }
.severity.critical, .severity.high { background: var(--badpaper); color: var(--bad); border-color: var(--badpaper); }
.severity.medium { background: var(--openpaper); color: var(--open); }
pre { background: var(--code); padding: .75rem; border-radius: 6px; overflow: auto; font: 13px/1.45 ui-monospace, monospace;
  user-select: all; white-space: pre; }
dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0 0 0 1.25rem; overflow-wrap: anywhere; }
@media print { .scroll { max-height: none; overflow: visible; } thead th, tbody th { position: static; } }
`;

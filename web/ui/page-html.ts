/**
 * The page as it is sent: its landmarks, headings and tables, all empty. `browser/` fills them in by the ids used here.
 * Roles of tables are said outright, because the narrow layout lays rows out as blocks, which else loses them.
 */
const headerCells = (names: readonly string[]) =>
  names.map((name) => `<th scope="col" role="columnheader">${name}</th>`).join('');

const table = (id: string, caption: string, names: readonly string[]) => `
<div class="panel">
<table role="table" id="${id}" class="${id}">
<caption class="hidden">${caption}</caption>
<thead role="rowgroup"><tr role="row">${headerCells(names)}</tr></thead>
<tbody role="rowgroup"></tbody>
</table>
<div class="empty" id="${id}-empty"></div>
</div>`;

const tile = (id: string, name: string, tone: string) =>
  `<div class="tile" data-tone="${tone}"><dt>${name}</dt><dd id="count-${id}">–</dd></div>`;

export const pageHtml = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Picket</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/style.css">
<script type="module" src="/page/ui/browser/main.js"></script>
</head>
<body data-connection="connecting">
<header class="top">
<a class="brand" href="/"><img src="/page/icon.svg" alt="" width="28" height="28">Picket</a>
<span class="tenant" id="tenant"></span>
<span class="connection" id="connection">Connecting</span>
</header>
<main>
<noscript><p class="notice">This page draws itself with a script. Without one, <a href="/health/cluster">/health/cluster</a> says the same in JSON.</p></noscript>
<div id="notices"></div>
<section class="verdict" id="verdict" data-tone="unknown" aria-labelledby="verdict-title">
<span class="mark" aria-hidden="true"></span>
<div class="verdict-words"><h1 id="verdict-title">Connecting</h1><p id="verdict-detail">Asking the cluster how it is.</p></div>
<dl class="tiles" id="tiles">${tile('down', 'Down', 'down')}${tile('degraded', 'Degraded', 'degraded')}${tile('unknown', 'Unknown', 'unknown')}${tile('up', 'Up', 'up')}</dl>
</section>
<section aria-labelledby="checks-title">
<div class="heading"><h2 id="checks-title">Checks</h2><span class="aside" id="checks-aside"></span></div>
${table('checks', 'Checks, those in trouble first', ['State', 'Check', 'Last result', 'Latency', 'Since', 'Next'])}
<button type="button" class="more" id="more" hidden></button>
</section>
<div class="columns">
<section aria-labelledby="nodes-title">
<div class="heading"><h2 id="nodes-title">Nodes</h2><span class="aside" id="nodes-aside"></span></div>
${table('nodes', 'Nodes of the cluster', ['Status', 'Node', 'Role', 'Process', 'Round trip'])}
</section>
<section aria-labelledby="results-title">
<div class="heading"><h2 id="results-title">Last results</h2><span class="aside" id="results-aside"></span></div>
${table('results', 'Last results, newest first', ['Result', 'Check', 'Latency', 'Due'])}
</section>
</div>
</main>
<footer><span id="served"></span></footer>
<p class="hidden" id="announcer" aria-live="polite"></p>
</body>
</html>
`;

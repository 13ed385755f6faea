/**
 * The facts of one source file that the rules ask for, read from its syntax tree. The parser is the one that vitest
 * carries (oxc): the compiler that we build with has no API in JavaScript. Resolves nothing: targets are as written.
 */
import { parseAst } from 'vitest/node';

export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface ImportFact {
  /** As written; null when it is computed and cannot be read. */
  readonly target: string | null;
  /**
   * `type` is erased and loads nothing. `import { type A }` is `static`: only the name is erased, the file is loaded
   * (verbatimModuleSyntax).
   */
  readonly kind: 'static' | 'dynamic' | 'type';
  readonly line: number;
}

export interface Facts {
  readonly imports: readonly ImportFact[];
  /** Names given to others by declarations and export lists; without re-exported stars. */
  readonly exports: readonly { readonly name: string; readonly line: number }[];
  readonly starExports: readonly number[];
  readonly functions: readonly { readonly name: string; readonly line: number; readonly lines: number }[];
  /** Dotted names that are read or called, such as `process.env`, `Date.now`, `new Date`; without `globalThis.`. */
  readonly uses: readonly { readonly name: string; readonly line: number; readonly argumentCount: number }[];
  /** How often each identifier occurs as a name, a property or a key. */
  readonly identifiers: ReadonlyMap<string, number>;
  /** Keys of exported object literals, by the exported name. */
  readonly exportedKeys: readonly { readonly of: string; readonly name: string; readonly line: number }[];
}

interface Gathering {
  readonly lineAt: (offset: number) => number;
  readonly imports: ImportFact[];
  readonly exports: { name: string; line: number }[];
  readonly starExports: number[];
  readonly functions: { name: string; line: number; lines: number }[];
  readonly uses: { name: string; line: number; argumentCount: number }[];
  readonly identifiers: Map<string, number>;
  readonly exportedKeys: { of: string; name: string; line: number }[];
}

/** Throws with the parser's message when the text is no TypeScript. */
export function factsOf(path: string, text: string): Facts {
  const program = parseAst(text, {
    lang: path.endsWith('x') ? 'tsx' : path.endsWith('js') ? 'js' : 'ts',
  }) as unknown as SyntaxNode;
  const gathering: Gathering = {
    lineAt: lineFinder(text),
    imports: [],
    exports: [],
    starExports: [],
    functions: [],
    uses: [],
    identifiers: new Map(),
    exportedKeys: [],
  };
  walk(program, null, gathering);
  return gathering;
}

function walk(node: SyntaxNode, parent: SyntaxNode | null, to: Gathering): void {
  gatherImport(node, to);
  gatherExport(node, to);
  gatherFunction(node, parent, to);
  gatherUse(node, parent, to);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const one of value) if (isNode(one)) walk(one, node, to);
    } else if (isNode(value)) walk(value, node, to);
  }
}

function gatherImport(node: SyntaxNode, to: Gathering): void {
  const line = to.lineAt(node.start);
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration': {
      if (!isNode(node.source)) return;
      const erased = node.importKind === 'type' || node.exportKind === 'type';
      to.imports.push({ target: literal(node.source), kind: erased ? 'type' : 'static', line });
      return;
    }
    case 'ImportExpression':
      to.imports.push({ target: literal(node.source), kind: 'dynamic', line });
      return;
    case 'TSImportType':
      to.imports.push({ target: literal(node.source ?? node.argument), kind: 'type', line });
      return;
    case 'CallExpression':
      if (dotted(node.callee) !== 'require') return;
      to.imports.push({ target: literal((node.arguments as unknown[])[0]), kind: 'dynamic', line });
      return;
    case 'NewExpression': {
      // A worker's or a child process's file: `new URL('./x.js', import.meta.url)`.
      const [file, base] = node.arguments as (SyntaxNode | undefined)[];
      if (dotted(node.callee) !== 'URL' || base === undefined || dotted(base) !== 'import.meta.url') return;
      if (/\.[jt]s$/.test(literal(file) ?? ''))
        to.imports.push({ target: literal(file), kind: 'dynamic', line });
    }
  }
}

function gatherExport(node: SyntaxNode, to: Gathering): void {
  if (node.type === 'ExportAllDeclaration') to.starExports.push(to.lineAt(node.start));
  if (node.type !== 'ExportNamedDeclaration') return;
  for (const specifier of node.specifiers as SyntaxNode[]) {
    to.exports.push({ name: nameOf(specifier.exported), line: to.lineAt(specifier.start) });
  }
  const declaration = node.declaration;
  if (!isNode(declaration)) return;
  const declared =
    declaration.type === 'VariableDeclaration' ? (declaration.declarations as SyntaxNode[]) : [declaration];
  for (const one of declared) {
    const of = nameOf(one.id);
    to.exports.push({ name: of, line: to.lineAt(one.start) });
    const value = unwrapped(one.init);
    if (value?.type !== 'ObjectExpression') continue;
    for (const property of value.properties as SyntaxNode[]) {
      if (property.type !== 'Property' || property.method === true) continue;
      to.exportedKeys.push({ of, name: nameOf(property.key), line: to.lineAt(property.start) });
    }
  }
}

function gatherFunction(node: SyntaxNode, parent: SyntaxNode | null, to: Gathering): void {
  if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
  if (!isNode(node.body)) return;
  if (isHeading(parent)) return;
  const line = to.lineAt(node.start);
  const named = nameOf(node.id) || nameOf(parent?.key) || nameOf(parent?.id) || 'a function';
  const lines = to.lineAt(node.end) - line + 1 - headingLines(node.body, to);
  to.functions.push({ name: named, line, lines });
}

/** A call of `describe`, also as `describe.each(...)(...)`: a heading over tests. What stands under it is measured. */
function isHeading(node: SyntaxNode | null): boolean {
  return /^describe(\.|$)/.test(calledName(node));
}

/** The lines of tests and headings right in a function's body: a suite that is given what it tests is a heading too. */
function headingLines(body: SyntaxNode, to: Gathering): number {
  if (!Array.isArray(body.body)) return 0;
  let lines = 0;
  for (const statement of body.body as SyntaxNode[]) {
    const inner = statement.expression;
    if (isNode(inner) && /^(describe|it|test)(\.|$)/.test(calledName(inner)))
      lines += to.lineAt(inner.end) - to.lineAt(inner.start) + 1;
  }
  return lines;
}

/** `describe.each` for `describe.each(...)(...)`. */
function calledName(node: SyntaxNode | null): string {
  if (node?.type !== 'CallExpression') return '';
  const { callee } = node;
  return dotted(isNode(callee) && callee.type === 'CallExpression' ? callee.callee : callee);
}

function gatherUse(node: SyntaxNode, parent: SyntaxNode | null, to: Gathering): void {
  const line = to.lineAt(node.start);
  const use = (name: string, argumentCount = 0) => to.uses.push({ name, line, argumentCount });
  const argumentCount = (node.arguments as unknown[] | undefined)?.length ?? 0;
  switch (node.type) {
    case 'Identifier':
      to.identifiers.set(nameOf(node), (to.identifiers.get(nameOf(node)) ?? 0) + 1);
      return;
    case 'MemberExpression':
      if (dotted(node) !== '') use(dotted(node));
      return;
    case 'CallExpression':
      if (isNode(node.callee) && node.callee.type === 'Identifier') use(nameOf(node.callee), argumentCount);
      return;
    case 'NewExpression':
      if (dotted(node.callee) !== '') use(`new ${dotted(node.callee)}`, argumentCount);
      return;
    case 'ImportSpecifier': {
      const from = literal(parent?.source)?.replace(/^node:/, '');
      if (from !== undefined) use(`${from}.${nameOf(node.imported)}`);
      return;
    }
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier': {
      const from = literal(parent?.source)?.replace(/^node:/, '');
      if (from !== undefined) use(`${from}.default`);
      return;
    }
    case 'VariableDeclarator': {
      const [of, pattern] = [dotted(node.init), node.id];
      if (of === '' || !isNode(pattern) || pattern.type !== 'ObjectPattern') return;
      for (const property of pattern.properties as SyntaxNode[]) use(`${of}.${nameOf(property.key)}`);
    }
  }
}

/** `a.b.c` for plain names and `a['b']`; empty for anything that is computed or called. */
function dotted(value: unknown): string {
  if (!isNode(value)) return '';
  if (value.type === 'Identifier') return nameOf(value);
  if (value.type === 'MetaProperty') return `${nameOf(value.meta)}.${nameOf(value.property)}`;
  if (value.type === 'ChainExpression') return dotted(value.expression);
  if (value.type !== 'MemberExpression') return '';
  const property = value.computed === true ? (literal(value.property) ?? '') : nameOf(value.property);
  const object = dotted(value.object);
  if (object === '' || property === '') return '';
  return object === 'globalThis' || object === 'global' ? property : `${object}.${property}`;
}

function unwrapped(value: unknown): SyntaxNode | null {
  if (!isNode(value)) return null;
  const inner = /^TS(As|Satisfies)Expression$/.test(value.type) ? value.expression : null;
  if (inner !== null) return unwrapped(inner);
  const isFreeze = value.type === 'CallExpression' && dotted(value.callee) === 'Object.freeze';
  return isFreeze ? unwrapped((value.arguments as unknown[])[0]) : value;
}

function literal(value: unknown): string | null {
  if (!isNode(value)) return null;
  if (value.type === 'TSLiteralType') return literal(value.literal);
  return value.type === 'Literal' && typeof value.value === 'string' ? value.value : null;
}

function nameOf(value: unknown): string {
  if (!isNode(value)) return '';
  if (typeof value.name === 'string') return value.name;
  return typeof value.value === 'string' ? value.value : '';
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

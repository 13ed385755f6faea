/**
 * The few ways in which the page touches its document. Text goes in as text, never as HTML, and only where it differs,
 * so that what is selected or read out stays undisturbed.
 */

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

export function element(tag: string, className: string, ...children: (HTMLElement | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** An attribute that a null takes away. */
export function setAttribute(target: HTMLElement, name: string, value: string | null): void {
  if (target.getAttribute(name) === value) return;
  if (value === null) target.removeAttribute(name);
  else target.setAttribute(name, value);
}

/** A cell of a table; `label` is shown before it where the narrow layout has no column heads. */
export function cell(className: string, label: string | null, ...children: HTMLElement[]): HTMLElement {
  const made = element('td', label === null ? className : `${className} labelled`, ...children);
  made.setAttribute('role', 'cell');
  if (label !== null) made.dataset.label = label;
  return made;
}

export interface Row<Item> {
  readonly root: HTMLElement;
  update(item: Item): void;
}

/** Makes the rows of a table body those of `items`, in that order: what is there is kept, moved only if it must be. */
export interface Rows<Item> {
  draw(items: readonly Item[]): void;
}

export function keyedRows<Item>(
  body: Element,
  keyOf: (item: Item) => string,
  make: () => Row<Item>,
): Rows<Item> {
  let rows = new Map<string, Row<Item>>();
  return {
    draw(items) {
      const next = new Map<string, Row<Item>>();
      let place = body.firstElementChild;
      for (const item of items) {
        const key = keyOf(item);
        const row = rows.get(key) ?? newRow(make);
        row.update(item);
        next.set(key, row);
        if (row.root === place) place = place.nextElementSibling;
        else body.insertBefore(row.root, place);
      }
      for (const [key, row] of rows) if (!next.has(key)) row.root.remove();
      rows = next;
    },
  };
}

function newRow<Item>(make: () => Row<Item>): Row<Item> {
  const row = make();
  row.root.setAttribute('role', 'row');
  return row;
}

/** The body of the table with this id. */
export function bodyOf(tableId: string): Element {
  return byId(tableId).querySelector('tbody')!;
}

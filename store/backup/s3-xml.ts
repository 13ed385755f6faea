/**
 * What we read of the XML that S3 answers: the content of elements by name, in documents without attributes of meaning,
 * comments or nesting of a name in itself. Not a reader of XML.
 */

/** The inside of every element of the name, in order. */
export function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(
    (match) => match[1]!,
  );
}

/** The text of the first element of the name; null when there is none. */
export function textOf(xml: string, name: string): string | null {
  const [inside] = elementsOf(xml, name);
  if (inside === undefined) return null;
  return inside.replace(/&(lt|gt|quot|apos|amp|#\d+|#x[\da-f]+);/gi, (whole, entity: string) => {
    if (entity.startsWith('#x')) return String.fromCodePoint(Number.parseInt(entity.slice(2), 16));
    if (entity.startsWith('#')) return String.fromCodePoint(Number(entity.slice(1)));
    return { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }[entity] ?? whole;
  });
}

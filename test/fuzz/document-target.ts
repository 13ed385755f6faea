/**
 * Steps of a stream of documents, and texts that are to be one array, changed: what is taken of them is in order and within the
 * credit, and what counts as an array is one for whoever parses it, as long as its items are JSON.
 */
import { countItems, itemsOf, noItems } from '../../actors/item-count.ts';
import { creditOf, type DocumentOrder, noDocument, stepDocument } from '../../edge/document-order.ts';
import { isRefusal } from '../../edge/errors.ts';
import { documentBounds } from '../../edge/message-bounds.ts';
import { addToArray, emptyArray, endOfArray } from '../../edge/one-array.ts';
import { receive } from '../../edge/received.ts';
import { type DocumentUp, documentMethods } from '../../proto/index.ts';
import type { Random } from '../../runtime/index.ts';
import { message } from '../edge/plain-protobuf.ts';
import { mutated, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const steps = [
  message([1, message([1, 'sync-1'], [2, 'sync'], [3, 'netbox'], [4, 12])]),
  message([2, message([1, 0], [2, '[{"a":1},'])]),
  message([2, message([1, 9], [2, '2]'])]),
  message([3, message([1, 11], [2, Buffer.alloc(32, 7)])]),
];
const texts = [
  '[{"ip":"192.0.2.1","n":"a]b\\""},[1,{"x":[]}],null]',
  '{"network":"n","hosts":[]}',
  '[ ]',
  '[1,2]\n[3]',
].map((text) => Buffer.from(text));

export function edgeDocuments(): FuzzTarget {
  const method = documentMethods().Transfer!;
  return {
    name: 'edge documents',
    run(random) {
      let order: DocumentOrder = noDocument;
      for (const right of steps) {
        const bytes = random.next() < 0.7 ? right : mutated(random, steps);
        const received = receive(method, bytes, documentBounds);
        if (!received.ok) break;
        const next = stepped(order, received.message as DocumentUp);
        if (isRefusal(next)) break;
        if (next.next > creditOf(next)) throw new Error(JSON.stringify(next));
        order = next;
      }
      joined(random, mutated(random, texts));
    },
  };
}

function stepped(order: DocumentOrder, { step, part, end }: DocumentUp) {
  if (step === 'open') {
    const opened = stepDocument(order, { type: 'open' });
    return isRefusal(opened) ? opened : stepDocument(opened, { type: 'held', heldBytes: 0 });
  }
  if (step === 'part' && part)
    return stepDocument(order, { type: 'part', offset: part.offset, bytes: part.data.length });
  if (step !== 'end' || !end) return order;
  return stepDocument(order, { type: 'end', totalBytes: end.totalBytes, hashBytes: end.sha256.length });
}

/** Cut in two or not, it is the same array; and the core, which counts it, agrees. */
function joined(random: Random, text: Uint8Array): void {
  const at = under(random, text.length + 1);
  const whole = addToArray(emptyArray, text);
  const first = addToArray(emptyArray, text.subarray(0, at));
  const second = addToArray(first.state, text.subarray(at));
  const out = [whole.text, Buffer.concat([first.text, second.text])].map((one) =>
    Buffer.from(one).toString('latin1'),
  );
  if (out[0] !== out[1]) throw new Error(`cut at ${at}: ${out[0]} and ${out[1]}`);
  const end = endOfArray(whole.state);
  if (end === null || end.length === 0) return;
  const made = Buffer.concat([whole.text, end]);
  if (itemsOf(countItems(noItems, made)) !== whole.state.items)
    throw new Error(`counted otherwise: ${out[0]}`);
}

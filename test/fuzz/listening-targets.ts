/**
 * What an agent that only listens answers, changed: frames, statuses, and chunks of documents. Whatever the bytes, the poll ends with
 * a code of the closed set or with what is within its promises.
 */
import { isFault } from '../../edge/dial/dial-errors.ts';
import { sequenceCharactersMax } from '../../edge/dial/dial-limits.ts';
import { type DocumentJoin, joinChunk, joinEnd, newJoin } from '../../edge/dial/document-join.ts';
import { FrameReader, framed } from '../../edge/dial/frame-reader.ts';
import { readStatus } from '../../edge/dial/status-answer.ts';
import { resultsMessageBytesMax, statusMessageBytesMax } from '../../edge/limits.ts';
import { judgeBytes } from '../../edge/message-bounds.ts';
import { agentMethods, type ResultsChunk, type StatusResponse } from '../../proto/index.ts';
import { message } from '../edge/plain-protobuf.ts';
import { mutated, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const bytesMax = 65_536;

export function listeningFrames(): FuzzTarget {
  const corpus = [framed(Buffer.from('{"a":1}')), framed(Buffer.alloc(0)), framed(Buffer.alloc(300))];
  return {
    name: 'listening agent: frames',
    run(random) {
      const reader = new FrameReader(bytesMax);
      let given = 0;
      let taken = 0;
      for (let left = 1 + under(random, 4); left > 0; left -= 1) {
        const bytes = Buffer.from(mutated(random, corpus));
        const cut = under(random, bytes.length + 1);
        for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
          given += part.length;
          const read = reader.read(part);
          if (isFault(read)) return;
          for (const one of read) taken += one.length + 5;
        }
      }
      if (taken > given) throw new Error('more than came');
      if (reader.isBetween && taken !== given) throw new Error('bytes were lost');
    },
  };
}

export function listeningStatuses(): FuzzTarget {
  const method = agentMethods().GetStatus!;
  const corpus = [
    '{"available":false,"error":"refused","response_time":12}',
    '[1]',
    'no',
    `{"a":"${'x'.repeat(5_000)}"}`,
  ].map((text) => message([1, true], [2, text], [3, 'web'], [4, 'port'], [5, 7_000_000], [6, 'a']));
  const service = { type: 'port', name: 'web', details: '', results: false };
  return {
    name: 'listening agent: statuses',
    run(random) {
      const bytes = Buffer.from(mutated(random, corpus));
      if (judgeBytes(bytes, { bytesMax }) !== null) return;
      let answer: StatusResponse;
      try {
        answer = method.responseDeserialize(bytes) as StatusResponse;
      } catch {
        return;
      }
      const { item } = readStatus(service, answer, 'a');
      if (item.message.length > statusMessageBytesMax) throw new Error('a long status');
      JSON.parse(Buffer.from(item.message).toString());
      if (item.latencyMs !== null && !(item.latencyMs > 0)) throw new Error(`latency ${item.latencyMs}`);
    },
  };
}

export function listeningChunks(): FuzzTarget {
  const method = agentMethods().StreamResults!;
  const head = '{"network":"192.0.2.0/24","ports":[{"port":1,"available":2}],"hosts":';
  const corpus = [0, 1, 2].flatMap((index) =>
    [`[{"ip":"192.0.2.${index}"}]`, `${head}[{"host":"h${index}"}]}`].map((text) =>
      message([1, text], [2, index === 2], [3, index], [4, 3], [5, 's1'], [6, 1_780_000_000]),
    ),
  );
  return {
    name: 'listening agent: chunks',
    run(random) {
      const type = random.next() < 0.5 ? 'sync' : 'sweep';
      const last = random.next() < 0.1 ? 's1' : '';
      let state: DocumentJoin = newJoin(type);
      for (let index = 0; index < 3; index += 1) {
        const right = corpus[index * 2 + (type === 'sync' ? 0 : 1)]!;
        const bytes = Buffer.from(random.next() < 0.6 ? right : mutated(random, [right]));
        if (judgeBytes(bytes, { bytesMax }) !== null) return;
        let chunk: ResultsChunk;
        try {
          chunk = method.responseDeserialize(bytes) as ResultsChunk;
        } catch {
          return;
        }
        const next = joinChunk(state, chunk, last);
        if (isFault(next)) return;
        state = next;
      }
      const document = joinEnd(state, last);
      if (document === null || isFault(document)) return;
      if (document.data.length > resultsMessageBytesMax) throw new Error('a long document');
      if (document.sequence.length > sequenceCharactersMax) throw new Error('a long sequence');
      const value: unknown = JSON.parse(Buffer.from(document.data).toString());
      if (Array.isArray(value) !== (type === 'sync')) throw new Error('of another form than its type');
    },
  };
}

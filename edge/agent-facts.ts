/** What an agent says of itself in a hello, within bounds: it is shown to people and travels to every node. Pure. */
import type { AgentHelloRequest } from '../proto/index.ts';
import type { AgentFacts } from './edge-agent.ts';
import {
  agentWordCharactersMax,
  agentWordsMax,
  configVersionCharactersMax,
  droppedToldMax,
} from './limits.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export function factsOf(hello: AgentHelloRequest): AgentFacts {
  const { version, hostname, os, arch } = hello;
  const capabilities = hello.capabilities.slice(0, agentWordsMax).map(word);
  return {
    capabilities: [...new Set(capabilities)].filter((text) => text !== ''),
    ...{ version: word(version), hostname: word(hostname), os: word(os), arch: word(arch) },
  };
}

/** A version that is none of ours is another one, whatever it says. */
export function heldVersionOf({ configVersion }: { configVersion: string }): string {
  return configVersion.slice(0, configVersionCharactersMax);
}

/** Results that an agent of ours lost since its last hello: its outbox was full. */
export function droppedOf({ labels }: AgentHelloRequest): number {
  const said = Number(labels.results_dropped ?? 0);
  return Number.isSafeInteger(said) && said > 0 ? Math.min(said, droppedToldMax) : 0;
}

function word(text: string): string {
  return text.slice(0, agentWordCharactersMax).replace(controls, '');
}

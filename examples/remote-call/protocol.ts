/** What client and server share: the protocol and the name. The client never loads the implementation. */
export interface CalculatorProtocol {
  start: [];
  call: {
    add(a: number, b: number): number;
    /** What can go wrong in the ordinary way is part of the answer. */
    divide(a: number, b: number): { ok: true; value: number } | { ok: false; why: string };
    /** Answers after two seconds. */
    slow(): string;
    whoAreYou(): { node: string; pid: number };
  };
  cast: Record<never, never>;
}

export const calculatorName = { tenant: 'default', partition: 'default', kind: 'calculator', id: 'main' };

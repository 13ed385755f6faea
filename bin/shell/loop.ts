/**
 * The shell as its operator sits in it: prompts, lines that go to the node or stay here, another node, another core when one
 * is gone. Between the terminal and the sessions. Nothing that a line ends with ends the shell.
 */
import { splitPipe } from '../../shell/index.ts';
import { type CommandFailure, codeOf } from '../failure.ts';
import { harmless } from '../harmless.ts';
import { failureOf } from '../operator-session.ts';
import type { History } from './history-file.ts';
import type { Reach } from './reach.ts';
import { RemoteSession, type SessionWish } from './remote-session.ts';
import { pipeRun, showRun } from './show-output.ts';
import type { Terminal } from './terminal.ts';

const leaving: readonly string[] = ['exit', 'quit'];
const moving: readonly string[] = ['connect', 'node'];

export interface ShellSetting {
  readonly reach: Reach;
  readonly terminal: Terminal;
  readonly history: History;
  readonly write: boolean;
  /** Null: whichever core answers. */
  readonly node: string | null;
}

export class ShellLoop {
  private readonly setting: ShellSetting;
  private readonly wish: SessionWish;
  private session: RemoteSession | null = null;
  /** The operator named it: no other takes its place. */
  private named: boolean;
  private status: 0 | 1 | 2 = 0;

  constructor(setting: ShellSetting) {
    this.setting = setting;
    this.named = setting.node !== null;
    this.wish = { write: setting.write, size: setting.terminal.size };
  }

  /** Until the operator leaves; the exit status: that of the last line, where lines came from a file. */
  async run(): Promise<0 | 1 | 2> {
    const { terminal, history, reach, node } = this.setting;
    // What is wrong with the credential or the flags ends the command before there is a prompt.
    await this.greet(node ?? (await reach.entry()));
    terminal.onResize(() => void this.session?.resize().catch(() => {}));
    for (;;) {
      const line = await terminal.ask(this.prompt(), history.lines, (text) => this.complete(text));
      if (line === null) break;
      if (terminal.isInteractive) history.add(line.trim());
      if (leaving.includes(line.trim())) break;
      await this.said(line);
    }
    await this.session?.close();
    await reach.close();
    return terminal.isInteractive ? 0 : this.status;
  }

  private prompt(): string {
    return `${this.session?.node ?? '?'}${this.setting.write ? '#' : '>'} `;
  }

  private async said(whole: string): Promise<void> {
    const { line, pipe } = splitPipe(whole);
    const [word = '', name, ...more] = line.split(/\s+/);
    if (line === '' && pipe === null) return;
    try {
      if (moving.includes(word) && name !== undefined && more.length === 0) await this.move(name);
      else await this.runLine(line, pipe);
      this.status = 0;
    } catch (error) {
      const failure = failureOf(error);
      this.status = failure.exitCode;
      this.tell(failure);
    }
  }

  private async runLine(line: string, pipe: string | null): Promise<void> {
    let session = await this.here();
    try {
      const begun = session.run(line).catch(async (error: unknown) => {
        // Its node is gone and was chosen by nobody: the line has not run, and does so at another.
        if (this.named || codeOf(error) !== 'no_such_node') throw error;
        session.forget();
        session = await this.here();
        return await session.run(line);
      });
      if (pipe === null || pipe === '') await showRun(begun, this.setting.terminal);
      else await pipeRun(begun, pipe);
    } catch (error) {
      if (codeOf(error) === 'node_down') throw gone(session.node, failureOf(error));
      throw error;
    }
  }

  /** The session, at another core when the one that nobody chose by name is gone. */
  private async here(): Promise<RemoteSession> {
    const { session } = this;
    if (session === null) return await this.greet(await this.setting.reach.entry());
    try {
      await session.open();
      return session;
    } catch (error) {
      const code = codeOf(error) ?? '';
      if (this.named || !['node_down', 'no_such_node', 'leaving', 'session_ended'].includes(code))
        throw error;
    }
    const entry = await this.setting.reach.entry();
    if (entry !== session.node) this.setting.terminal.note(`${session.node} is gone; now at ${entry}`);
    this.session = new RemoteSession(this.setting.reach, entry, this.wish);
    await this.session.open();
    return this.session;
  }

  private async move(node: string): Promise<void> {
    const before = this.session;
    await this.greet(node);
    this.named = true;
    await before?.close();
  }

  private async greet(node: string): Promise<RemoteSession> {
    const { terminal, reach } = this.setting;
    const session = new RemoteSession(reach, node, this.wish);
    const { operator, role, tenant, mayWrite } = await session.open();
    this.session = session;
    if (terminal.isInteractive) {
      const scope = tenant === null ? '' : `, of tenant ${tenant} alone`;
      const rights = mayWrite ? 'may change things' : 'read-only';
      terminal.note(`${node} (${role}) as ${operator}${scope}: ${rights}. Say help; Ctrl-D leaves.`);
    }
    return session;
  }

  private async complete(text: string): Promise<[readonly string[], string]> {
    const none: [string[], string] = [[], text];
    if (splitPipe(text).pipe !== null) return none;
    const session = this.session ?? (await this.here());
    const [word = '', name, ...more] = text.trimStart().split(/\s+/);
    if (moving.includes(word) && name !== undefined && more.length === 0)
      return [(await session.nodes(name)).map((one) => `${one} `), name];
    const { words, at } = await session.complete(text);
    const own = name === undefined ? [...leaving, 'connect'].filter((one) => one.startsWith(word)) : [];
    // What nobody can type is not offered: it would be written into the line as it is.
    const all = [...words, ...own].filter((one) => harmless(one) === one && !one.includes('\n')).sort();
    return [all.map((one) => `${one} `), text.slice(at)];
  }

  private tell({ code, message }: CommandFailure): void {
    this.setting.terminal.note(message.startsWith(`${code}:`) ? message : `${code}: ${message}`);
  }
}

function gone(node: string, failure: CommandFailure): CommandFailure {
  failure.message = `${node} was lost while the line ran, and nobody knows how far it came (${failure.message})`;
  return failure;
}

/**
 * Links, monitors and exit signals, with OTP's meaning, for actors of this node and refs of others. Relations to other
 * nodes are also kept by node, so that the loss of a node tells exactly those concerned.
 */
import type { Cell } from './cell.ts';
import { type ExitReason, Message, messageExit, noArguments } from './message.ts';
import { type Ref, sameRef } from './ref.ts';
import type { Router, Signal } from './router.ts';
import type { Kernel } from './system.ts';

export class Relations {
  private readonly kernel: Kernel;
  /** Actors of ours that have something with an actor of that node. */
  private readonly byNode = new Map<string, Set<Cell>>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  link(cell: Cell, ref: Ref): void {
    if (sameRef(cell.ref, ref) || cell.ties?.links?.has(ref.toString())) return;
    if (this.kernel.isLocal(ref)) {
      const other = this.kernel.find(ref);
      if (other === null) {
        this.deliverExit(cell, ref, 'no_actor', null, true);
        return;
      }
      addLink(cell, ref);
      addLink(other, cell.ref);
      return;
    }
    addLink(cell, ref);
    this.remember(ref.node, cell);
    if (!this.send({ type: 'link', from: cell.ref, to: ref }))
      this.deliverExit(cell, ref, 'node_down', null, true);
  }

  unlink(cell: Cell, ref: Ref): void {
    if (!cell.ties?.links?.delete(ref.toString())) return;
    if (this.kernel.isLocal(ref)) this.kernel.find(ref)?.ties?.links?.delete(cell.ref.toString());
    else this.send({ type: 'unlink', from: cell.ref, to: ref });
  }

  monitor(cell: Cell, ref: Ref): number {
    const monitor = this.kernel.nextNumber();
    if (this.kernel.isLocal(ref)) {
      const other = this.kernel.find(ref);
      if (other === null) {
        this.kernel.deliverInfo(cell, { type: 'down', monitor, ref, reason: 'no_actor', detail: null });
        return monitor;
      }
      addMonitor(cell, monitor, ref);
      addWatcher(other, cell.ref, monitor);
      return monitor;
    }
    addMonitor(cell, monitor, ref);
    this.remember(ref.node, cell);
    if (!this.send({ type: 'monitor', from: cell.ref, to: ref, monitor })) {
      this.down(cell, monitor, 'node_down', null);
    }
    return monitor;
  }

  demonitor(cell: Cell, monitor: number): void {
    const ref = cell.ties?.monitors?.get(monitor);
    if (ref === undefined) return;
    cell.ties!.monitors!.delete(monitor);
    if (this.kernel.isLocal(ref))
      this.kernel.find(ref)?.ties?.watchers?.delete(watcherKey(cell.ref, monitor));
    else this.send({ type: 'demonitor', from: cell.ref, to: ref, monitor });
  }

  sendExit(from: Ref, to: Ref, reason: ExitReason, detail: string | null, linked: boolean): void {
    if (!this.kernel.isLocal(to)) {
      this.send({ type: 'exit', from, to, reason, detail, linked });
      return;
    }
    const cell = this.kernel.find(to);
    // An exit over a link that was undone while it was under way is nobody's.
    if (cell === null || (linked && !cell.ties?.links?.has(from.toString()))) return;
    this.deliverExit(cell, from, reason, detail, linked);
  }

  /** The rules of OTP: `kill` ends anyone; a trapping actor is told; `normal` from elsewhere is nothing; else the actor ends. */
  private deliverExit(
    cell: Cell,
    from: Ref,
    reason: ExitReason,
    detail: string | null,
    linked: boolean,
  ): void {
    if (linked) cell.ties?.links?.delete(from.toString());
    // The program itself is the parent of what it spawned.
    const fromParent = cell.parent === null ? from.id === 0 : sameRef(cell.parent, from);
    const asks = reason === 'kill' && !linked;
    if (cell.trapExit && !asks && !fromParent) {
      this.kernel.deliverInfo(cell, { type: 'exit', ref: from, reason, detail });
      return;
    }
    if (reason === 'normal' && !fromParent && !sameRef(cell.ref, from)) return;
    // A trapping actor ends with its parent even when that ends well, as a gen_server does.
    if (reason === 'normal' && linked && !cell.trapExit) return;
    const info = { type: 'exit', ref: from, reason, detail } as const;
    // A handler that awaits would hold the signal up: it ends where it stands.
    if (asks) this.kernel.lifecycle.end(cell, 'killed', detail);
    else if (cell.busy !== null && !cell.trapExit) this.kernel.lifecycle.endLinked(cell, reason, detail);
    else this.kernel.deliverSystem(cell, new Message(messageExit, reason, noArguments, info, null));
  }

  private down(cell: Cell, monitor: number, reason: ExitReason, detail: string | null): void {
    const ref = cell.ties?.monitors?.get(monitor);
    if (ref === undefined) return;
    cell.ties!.monitors!.delete(monitor);
    this.kernel.deliverInfo(cell, { type: 'down', monitor, ref, reason, detail });
  }

  /** Tells everyone concerned that the actor has ended, and forgets its side. */
  ended(cell: Cell, reason: ExitReason, detail: string | null): void {
    const { ties } = cell;
    if (ties === null) return;
    for (const { watcher, monitor } of ties.watchers?.values() ?? []) {
      const local = this.kernel.isLocal(watcher) ? this.kernel.find(watcher) : null;
      if (local !== null) this.down(local, monitor, reason, detail);
      else if (!this.kernel.isLocal(watcher)) {
        this.send({ type: 'down', from: cell.ref, to: watcher, monitor, reason, detail });
      }
    }
    for (const ref of ties.links?.values() ?? []) this.sendExit(cell.ref, ref, reason, detail, true);
    for (const monitor of [...(ties.monitors?.keys() ?? [])]) this.demonitor(cell, monitor);
    ties.watchers = null;
    ties.links = null;
    for (const cells of this.byNode.values()) cells.delete(cell);
  }

  /** A signal that came from another node. */
  receive(signal: Signal): void {
    const cell = this.kernel.find(signal.to);
    switch (signal.type) {
      case 'monitor':
        if (cell === null) this.send(answerDown(signal, 'no_actor'));
        else {
          addWatcher(cell, signal.from, signal.monitor);
          this.remember(signal.from.node, cell);
        }
        return;
      case 'demonitor':
        cell?.ties?.watchers?.delete(watcherKey(signal.from, signal.monitor));
        return;
      case 'down':
        // Only the node of the one that is watched may say that it ended.
        if (cell?.ties?.monitors?.get(signal.monitor)?.node === signal.from.node)
          this.down(cell, signal.monitor, signal.reason, signal.detail);
        return;
      case 'link':
        if (cell === null) {
          this.sendExit(signal.to, signal.from, 'no_actor', null, true);
          return;
        }
        addLink(cell, signal.from);
        this.remember(signal.from.node, cell);
        return;
      case 'unlink':
        cell?.ties?.links?.delete(signal.from.toString());
        return;
      case 'exit':
        this.sendExit(signal.from, signal.to, signal.reason, signal.detail, signal.linked);
        return;
    }
  }

  /** Every relation to that node ends now: monitors get `down`, links an exit, both with reason `node_down`. */
  nodeDown(node: string): void {
    const cells = this.byNode.get(node);
    this.byNode.delete(node);
    for (const cell of cells ?? []) {
      for (const [monitor, ref] of [...(cell.ties?.monitors ?? [])]) {
        if (ref.node === node) this.down(cell, monitor, 'node_down', null);
      }
      for (const [key, { watcher }] of [...(cell.ties?.watchers ?? [])]) {
        if (watcher.node === node) cell.ties!.watchers!.delete(key);
      }
      for (const ref of [...(cell.ties?.links?.values() ?? [])]) {
        if (ref.node === node) this.deliverExit(cell, ref, 'node_down', null, true);
      }
    }
  }

  private remember(node: string, cell: Cell): void {
    let cells = this.byNode.get(node);
    if (cells === undefined) {
      cells = new Set();
      this.byNode.set(node, cells);
    }
    cells.add(cell);
  }

  private send(signal: Signal): boolean {
    const router: Router | null = this.kernel.router;
    return router?.signal(signal) ?? false;
  }
}

function answerDown(signal: Signal & { type: 'monitor' }, reason: ExitReason): Signal {
  return { type: 'down', from: signal.to, to: signal.from, monitor: signal.monitor, reason, detail: null };
}

function addLink(cell: Cell, ref: Ref): void {
  const ties = cell.tied();
  ties.links ??= new Map();
  ties.links.set(ref.toString(), ref);
}

function addMonitor(cell: Cell, monitor: number, ref: Ref): void {
  const ties = cell.tied();
  ties.monitors ??= new Map();
  ties.monitors.set(monitor, ref);
}

function addWatcher(cell: Cell, watcher: Ref, monitor: number): void {
  const ties = cell.tied();
  ties.watchers ??= new Map();
  ties.watchers.set(watcherKey(watcher, monitor), { watcher, monitor });
}

function watcherKey(watcher: Ref, monitor: number): string {
  return `${watcher}/${monitor}`;
}

/**
 * The feed of the page: follows the tenant's health monitor to wherever it lives, and the members, and tells the
 * browsers that listen: everything when they come, then changes. What is told is decided in feed-picture.ts; who
 * listens is known in sockets.ts.
 */

import type { TenantStore } from '../actors/messages.ts';
import { type CheckView, type FeedProtocol, type HealthProtocol, healthKey } from '../actors/messages.ts';
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Ref, type Self, sameRef } from '../runtime/index.ts';
import {
  dropCheck,
  type FeedPicture,
  feedPicture,
  fullMessage,
  hasUntold,
  takeAllViews,
  takeMembers,
  takeTenant,
  takeUntold,
  takeViews,
} from './feed-picture.ts';
import {
  beatIntervalMs,
  changeIntervalMs,
  feedMailboxMessagesMax,
  feedRetryMs,
  membersReadMs,
  pictureWaitMs,
} from './limits.ts';
import type { Audience } from './sockets.ts';
import type { LiveMessage, PageTenant } from './ui/live-message.ts';

export interface WebFeedProtocol {
  start: [];
  call: { tenant(): PageTenant };
  cast: FeedProtocol['cast'] & {
    joined(socket: number): void;
    left(socket: number): void;
    namesChanged(): void;
    membersChanged(): void;
  };
}

export interface WebFeedNeeds {
  readonly cluster: Cluster;
  readonly tenants: TenantStore;
  readonly tenantSlug: string;
  readonly audience: Audience;
}

export const webFeedName = 'web_feed';

interface Subscription {
  readonly ref: Ref<HealthProtocol>;
  readonly monitor: number;
  told: boolean;
}

interface FeedState {
  readonly picture: FeedPicture;
  /** Sockets that have the full picture and are told changes. */
  readonly listeners: Set<number>;
  subscription: Subscription | null;
  telling: boolean;
  toldAtMs: number;
  warnedOfTenant: boolean;
}

type FeedSelf = Self<FeedState, WebFeedProtocol>;

export function webFeed(needs: WebFeedNeeds) {
  const { cluster, audience } = needs;
  return defineActor<FeedState, WebFeedProtocol>({
    name: webFeedName,
    mailboxMessagesMax: feedMailboxMessagesMax,
    init(self) {
      self.register(webFeedName);
      self.state = {
        picture: feedPicture(cluster.node, needs.tenantSlug),
        listeners: new Set(),
        subscription: null,
        telling: false,
        toldAtMs: Number.NEGATIVE_INFINITY,
        warnedOfTenant: false,
      };
      cluster.members.watch(() => self.cast(self.ref).membersChanged(), self.signal);
      readMembers(self, cluster);
      self.after(membersReadMs, 'members');
      self.after(beatIntervalMs, 'beat');
      findTenant(self, needs);
      // Browsers stay connected while a feed that crashed is started again.
      for (const socket of audience.numbers()) welcome(self, audience, socket);
      return self.state;
    },
    call: { tenant: (self) => self.state.picture.tenant },
    cast: {
      joined: (self, socket) => {
        readMembers(self, cluster);
        welcome(self, audience, socket);
        tell(self, audience);
      },
      left: (self, socket) => void self.state.listeners.delete(socket),
      namesChanged: (self) => follow(self, needs),
      membersChanged: (self) => {
        readMembers(self, cluster);
        tell(self, audience);
      },
      checks: (self, tenantId, views, full) => {
        takeChecks(self, tenantId, views, full);
        tell(self, audience);
      },
      removedCheck: (self, tenantId, checkId) => {
        if (tenantId !== self.state.picture.tenant.id) return;
        dropCheck(self.state.picture, checkId);
        tell(self, audience);
      },
    },
    info(self, info) {
      if (info.type === 'done' && info.tag === 'tenant') foundTenant(self, needs, info.value, info.error);
      else if (info.type === 'down') lostMonitor(self, needs, info.monitor);
      else if (info.type === 'timeout') timedOut(self, needs, info.tag, info.data);
    },
  });
}

function timedOut(self: FeedSelf, needs: WebFeedNeeds, tag: string, data: unknown): void {
  const { audience, cluster } = needs;
  if (tag === 'tell') tellNow(self, audience);
  else if (tag === 'beat') {
    self.after(beatIntervalMs, 'beat');
    const quietMs = self.monotonicMs() - self.state.toldAtMs;
    if (quietMs >= beatIntervalMs) sendAll(self, audience, { type: 'beat', now_ms: self.wallMs() });
  } else if (tag === 'members') {
    self.after(membersReadMs, 'members');
    if (self.state.listeners.size === 0) return;
    readMembers(self, cluster);
    tell(self, audience);
  } else if (tag === 'tenant') findTenant(self, needs);
  else if (tag === 'follow') follow(self, needs);
  else if (tag === 'picture_wait') pictureLate(self, needs, data as number);
}

function findTenant(self: FeedSelf, { tenants, tenantSlug }: WebFeedNeeds): void {
  self.pipe(tenants.find(tenantSlug), 'tenant');
}

function foundTenant(self: FeedSelf, needs: WebFeedNeeds, value: unknown, error: unknown): void {
  const { state } = self;
  const found = value as Awaited<ReturnType<TenantStore['find']>>;
  if (found === null) {
    const why = error === null ? 'there is no such tenant' : messageOf(error);
    if (!state.warnedOfTenant)
      self.log('warn', 'the tenant of the page is not known yet', { tenant: needs.tenantSlug, why });
    state.warnedOfTenant = true;
    self.after(feedRetryMs, 'tenant');
    return;
  }
  takeTenant(state.picture, { id: found.id });
  const query = { tenant: found.id, kind: 'health_monitor' };
  needs.cluster.names.watch(query, () => self.cast(self.ref).namesChanged(), self.signal);
  follow(self, needs);
}

/** Subscribes to the monitor that the registry names now, if it is not the one that is followed already. */
function follow(self: FeedSelf, { cluster, audience }: WebFeedNeeds): void {
  const { state } = self;
  const { id } = state.picture.tenant;
  if (id === null) return;
  const ref = cluster.names.lookup<HealthProtocol>(healthKey(id));
  if (ref !== null && sameRef(ref, state.subscription?.ref)) return;
  if (state.subscription !== null) self.demonitor(state.subscription.monitor);
  state.subscription = null;
  const told = state.picture.tenant.picture === 'none' ? 'none' : 'stale';
  takeTenant(state.picture, { holder: ref?.node ?? null, picture: told });
  tell(self, audience);
  if (ref === null) return;
  if (!self.cast(ref).subscribe(self.ref)) {
    self.after(feedRetryMs, 'follow');
    return;
  }
  const monitor = self.monitor(ref);
  state.subscription = { ref, monitor, told: false };
  self.after(pictureWaitMs, 'picture_wait', monitor);
}

/** It died, or its node is gone. The registry tells of the next one; if it names the same still, it is tried again. */
function lostMonitor(self: FeedSelf, { audience }: WebFeedNeeds, monitor: number): void {
  const { state } = self;
  if (state.subscription?.monitor !== monitor) return;
  state.subscription = null;
  const told = state.picture.tenant.picture === 'none' ? 'none' : 'stale';
  takeTenant(state.picture, { holder: null, picture: told });
  tell(self, audience);
  self.after(feedRetryMs, 'follow');
}

/** A monitor with too many subscribers says nothing, so only the missing picture tells. */
function pictureLate(self: FeedSelf, needs: WebFeedNeeds, monitor: number): void {
  const { subscription } = self.state;
  if (subscription === null || subscription.monitor !== monitor || subscription.told) return;
  self.log('warn', 'the health monitor has not given its picture', { monitor: subscription.ref.toString() });
  self.demonitor(monitor);
  self.state.subscription = null;
  follow(self, needs);
}

function takeChecks(self: FeedSelf, tenantId: string, views: readonly CheckView[], full: boolean): void {
  const { picture, subscription } = self.state;
  // What an earlier holder sent last may come after its successor's picture.
  if (tenantId !== picture.tenant.id || subscription === null || (!full && !subscription.told)) return;
  if (full) subscription.told = true;
  const dropped = full ? takeAllViews(picture, views) : takeViews(picture, views);
  if (dropped > 0) self.log('warn', 'more checks than the page can count', { tenant: tenantId, dropped });
  picture.tenant = { ...picture.tenant, told_at_ms: self.wallMs() };
  takeTenant(picture, { picture: 'current' });
}

function readMembers(self: FeedSelf, cluster: Cluster): void {
  takeMembers(self.state.picture, cluster.members.list());
}

function welcome(self: FeedSelf, audience: Audience, socket: number): void {
  // What is not told yet comes to the newcomer twice; told twice it is the same.
  self.state.listeners.add(socket);
  audience.send(socket, JSON.stringify(fullMessage(self.state.picture, self.wallMs())));
}

function tell(self: FeedSelf, audience: Audience): void {
  const { state } = self;
  if (state.telling || !hasUntold(state.picture)) return;
  const waitMs = state.toldAtMs + changeIntervalMs - self.monotonicMs();
  if (waitMs <= 0) {
    tellNow(self, audience);
    return;
  }
  state.telling = true;
  self.after(waitMs, 'tell');
}

function tellNow(self: FeedSelf, audience: Audience): void {
  const { state } = self;
  state.telling = false;
  const message = takeUntold(state.picture, self.wallMs());
  if (message !== null) sendAll(self, audience, message);
}

function sendAll(self: FeedSelf, audience: Audience, message: LiveMessage): void {
  const { state } = self;
  state.toldAtMs = self.monotonicMs();
  if (state.listeners.size === 0) return;
  const text = JSON.stringify(message);
  for (const socket of state.listeners) audience.send(socket, text);
}

import { lazy, useEffect, useState, type ComponentType, type LazyExoticComponent } from 'react';

/** A component whose script comes later than the page's. */
export interface Later<Props> {
  readonly Component: LazyExoticComponent<ComponentType<Props>>;
  readonly load: () => Promise<unknown>;
}

/** Milliseconds after which it is fetched unasked, so that it is there when the connection is not. */
const LATER = 4_000;

/** Keep a component out of the page's first script. */
export function lazily<Props>(load: () => Promise<ComponentType<Props>>): Later<Props> {
  return { Component: lazy(async () => ({ default: await load() })), load };
}

const fetched = new WeakSet<object>();

/** Fetch it after a while unasked, once for the page. */
export function fetchLater<Props>(later: Later<Props>): void {
  if (fetched.has(later)) return;
  fetched.add(later);
  // Without a connection it is tried again when it is opened.
  setTimeout(() => void later.load().catch(() => undefined), LATER);
}

/** Whether it is to be drawn: from the first time it is open, so that its closing is seen, too. */
export function useNeeded<Props>(open: boolean, later: Later<Props>): boolean {
  const [isNeeded, setIsNeeded] = useState(open);
  if (open && !isNeeded) setIsNeeded(true);
  useEffect(() => fetchLater(later), [later]);
  return isNeeded;
}

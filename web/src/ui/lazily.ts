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

/** Whether it is to be drawn: from the first time it is open, so that its closing is seen, too. */
export function useNeeded<Props>(open: boolean, { load }: Later<Props>): boolean {
  const [isNeeded, setIsNeeded] = useState(open);
  if (open && !isNeeded) setIsNeeded(true);
  useEffect(() => {
    // Without a connection it is tried again when it is opened.
    const timer = setTimeout(() => void load().catch(() => undefined), LATER);
    return () => clearTimeout(timer);
  }, [load]);
  return isNeeded;
}

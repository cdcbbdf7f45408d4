import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { projectRoute } from './root';
import { flag, oneOf, present, text, texts, type Given } from './search';

/** Tabs of a comparison. */
export const COMPARE_TABS = ['values', 'curves', 'scatter', 'parallel', 'contour', 'box', 'files'] as const;

/** A number within bounds, or nothing. */
function between(value: unknown, least: number, greatest: number): number | undefined {
  return typeof value === 'number' && value >= least && value <= greatest ? value : undefined;
}

/** Everything that a comparison shows by choice: its address can be sent to a colleague. */
function comparison(given: Given) {
  return present({
    /** Ids or UUIDs of 2 to 50 candidates, with commas. */
    candidates: text(given['candidates'], 10_000),
    /** Of 2 to 50 versions: `<model>:<number>` or ids, with commas. */
    versions: text(given['versions'], 10_000),
    tab: oneOf(given['tab'], COMPARE_TABS),
    /** Rows without differences, too. */
    all: flag(given['all']),
    /** The id of the side that the others are measured by. */
    base: text(given['base'], 100),
    /** Only rows whose keys have this text in them. */
    q: text(given['q'], 255),
    // Curves.
    metrics: texts(given['metrics'], 20),
    axis: oneOf(given['axis'], ['time', 'relative']),
    logx: flag(given['logx']),
    logy: flag(given['logy']),
    smooth: between(given['smooth'], 0, 0.999),
    outliers: between(given['outliers'], 0, 25),
    hidden: texts(given['hidden'], 50),
    /** What is zoomed into, as `<metric>:<from>:<to>`. */
    zoom: texts(given['zoom'], 20),
    // What charts of values are drawn of: `param:<key>`, `metric:<key>` or `info:<key>`.
    x: text(given['x'], 300),
    y: text(given['y'], 300),
    z: text(given['z'], 300),
    xlog: flag(given['xlog']),
    ylog: flag(given['ylog']),
    axes: texts(given['axes'], 30),
    /** Chosen parts of parallel axes, as `<from>:<to>:<field>`. */
    brush: texts(given['brush'], 30),
    by: text(given['by'], 300),
    /** The file that is shown of each side. */
    path: text(given['path']),
  });
}

/** The choices of a comparison. */
export type CompareSearch = ReturnType<typeof comparison>;

export const compareRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: 'compare',
  validateSearch: comparison,
  component: lazyRouteComponent(() => import('../pages/compare/ComparePage'), 'ComparePage'),
});

export const compareRoutes = [compareRoute];

import { Suspense, type ComponentType, type LazyExoticComponent } from 'react';
import styles from './ChartFrame.module.css';

/** A component that is loaded when it is first shown; until then there is a box of its height. */
export function later<Props extends object>(Loaded: LazyExoticComponent<ComponentType<Props>>, height: number): ComponentType<Props> {
  return function Later(props: Props) {
    return (
      <Suspense fallback={<div className={styles.frame} style={{ height }} aria-busy="true" />}>
        <Loaded {...props} />
      </Suspense>
    );
  };
}

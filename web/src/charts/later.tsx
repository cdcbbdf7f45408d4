import { Suspense, type ComponentType, type LazyExoticComponent } from 'react';
import styles from './ChartFrame.module.css';

/** A chart that is loaded when it is first shown; until then there is a box of its height with its title. */
export function later<Props extends { readonly title: string }>(
  Loaded: LazyExoticComponent<ComponentType<Props>>,
  height: number,
): ComponentType<Props> {
  return function Later(props: Props) {
    const coming = (
      <figure className={styles.frame} style={{ height }} aria-busy="true">
        <figcaption className={styles.title}>{props.title}</figcaption>
      </figure>
    );
    return <Suspense fallback={coming}>{<Loaded {...props} />}</Suspense>;
  };
}

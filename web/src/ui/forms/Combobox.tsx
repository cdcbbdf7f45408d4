import { Suspense } from 'react';
import { classes } from '../classes';
import { lazily } from '../lazily';
import styles from './Combobox.module.css';
import control from './control.module.css';
import type { Option } from './Select';

export interface ComboboxShared {
  readonly items: readonly Option[];
  /** What was typed, for lists that the server searches; the items are shown as they come then. */
  readonly onSearch?: ((text: string) => void) | undefined;
  /** A typed text that is none of the items may be taken, too. */
  readonly allowNew?: boolean | undefined;
  readonly placeholder?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly required?: boolean | undefined;
  /** The server is being asked. */
  readonly loading?: boolean | undefined;
  readonly 'aria-label'?: string | undefined;
}

export interface OneProps extends ComboboxShared {
  readonly multiple?: false | undefined;
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

export interface ManyProps extends ComboboxShared {
  readonly multiple: true;
  readonly value: readonly string[];
  readonly onChange: (value: string[]) => void;
}

const ComboboxOne = lazily(async () => (await import('./ComboboxOne')).ComboboxOne);
const ComboboxMany = lazily(async () => (await import('./ComboboxMany')).ComboboxMany);

/** One or several of a long list, found by typing. */
export function Combobox(props: OneProps | ManyProps) {
  const waiting = <div className={classes(control.control, styles.group)} />;
  return (
    <Suspense fallback={waiting}>{props.multiple ? <ComboboxMany.Component {...props} /> : <ComboboxOne.Component {...props} />}</Suspense>
  );
}

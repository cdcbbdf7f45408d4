import { lazily } from '../lazily';
import { FirstUse } from './FirstUse';
import type { PopoverProps } from './PopoverPopup';

const popup = lazily(async () => (await import('./PopoverPopup')).PopoverPopup);

/** A small panel at a button, for choices that stay open while they are made. */
export function Popover(props: PopoverProps) {
  return <FirstUse popup={popup} kind="dialog" given={props} />;
}

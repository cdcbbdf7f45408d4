import { cloneElement, type ReactElement } from 'react';

/** The attribute by which `Tooltips` knows what to say. */
interface Attributes {
  readonly 'data-tooltip'?: string | undefined;
}

export interface TooltipProps {
  readonly text: string;
  /** One element that takes the focus, such as a button. What a phone's reader needs must not stand here alone. */
  readonly children: ReactElement<Attributes>;
}

/** A few words about a control, when it is pointed at or has the focus; `Tooltips` shows them. */
export function Tooltip({ text, children }: TooltipProps) {
  return cloneElement(children, { 'data-tooltip': text });
}

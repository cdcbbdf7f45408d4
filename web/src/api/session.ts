// Whether the browser's session has ended under an open page. Until the person has signed in again, nothing is sent: the
// answers would be those to a visitor, and pages would show that things are gone and drop what was typed.

let ended = false;
const listeners = new Set<() => void>();

/** Whether requests are held back. */
export function isSessionEnded(): boolean {
  return ended;
}

/** Hold requests back, or let them go again. */
export function setSessionEnded(value: boolean): void {
  if (ended === value) return;
  ended = value;
  for (const listener of listeners) listener();
}

/** Call `listener` at each change; the returned function ends that. */
export function watchSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

import { OWN_PAGE } from '../../api';

const CHANNEL = 'modelyard.session';

/** End the session, tell the other tabs, and go to the sign-in. */
export async function signOut(): Promise<void> {
  const answer = await fetch('/sign-out', { method: 'POST', credentials: 'same-origin', headers: OWN_PAGE });
  if (!answer.ok) throw new Error(`The server answered with status ${answer.status}.`);
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage('signed out');
  channel.close();
  window.location.assign('/sign-in');
}

/** Call `listener` when another tab of this browser has signed out; the returned function ends that. */
export function onSignedOutElsewhere(listener: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = listener;
  return () => channel.close();
}

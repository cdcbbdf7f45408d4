import { tab } from './journal';

const CHANNEL = 'modelyard.tabs';
const ANSWER_MILLISECONDS = 300;

let channel: BroadcastChannel | undefined;

function opened(): BroadcastChannel {
  if (channel === undefined) {
    channel = new BroadcastChannel(CHANNEL);
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data === 'who') channel?.postMessage(tab());
    });
  }
  return channel;
}

/** The other tabs that are open now: what they send is none of this one's business. */
export function otherTabs(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const heard = ({ data }: MessageEvent<unknown>) => {
    if (typeof data === 'string' && data !== 'who') found.add(data);
  };
  const open = opened();
  open.addEventListener('message', heard);
  open.postMessage('who');
  return new Promise((resolve) => {
    setTimeout(() => {
      open.removeEventListener('message', heard);
      resolve(found);
    }, ANSWER_MILLISECONDS);
  });
}

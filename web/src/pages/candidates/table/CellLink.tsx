import { useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface Props {
  /** As browsers show it. */
  readonly address: string;
  readonly title: string;
  readonly children: ReactNode;
}

/** A link within a cell. The router's own listens to each change of the address, which is dear for every row that scrolls by. */
export function CellLink({ address, title, children }: Props) {
  const router = useRouter();
  return (
    <a
      href={address}
      title={title}
      tabIndex={-1}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        router.history.push(address);
      }}
    >
      {children}
    </a>
  );
}

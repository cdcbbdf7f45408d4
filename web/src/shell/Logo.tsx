/** The mark of the product. */
export function Logo() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2">
      <path d="M3 20V7l9-4 9 4v13" strokeLinejoin="round" />
      <path d="M8 20v-6l4-2 4 2v6M3 20h18" strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  );
}

/** The product's mark: three bulkheads with two compartments open. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#1f6f94" />
      <path d="M8 7v18M16 7v18M24 7v18" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <path d="M8 19h8M16 13h8" stroke="#a9e0f2" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b6e8f" />
      <path d="M5 12h9v9a3 3 0 0 0 3 3h10" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" />
      <path d="M17 15h10M21 19.5h6" stroke="#8fd6ea" stroke-width="2.5" stroke-linecap="round" />
    </svg>
  );
}

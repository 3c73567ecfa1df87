// States as shapes: each can be told without its colour.
export type IconName = 'filled' | 'hollow' | 'half' | 'triangle' | 'cross' | 'check' | 'clock' | 'close' | 'search' | 'chart' | 'command';

const paths: Record<IconName, preact.JSX.Element> = {
  filled: <circle cx="8" cy="8" r="5" fill="currentColor" />,
  hollow: <circle cx="8" cy="8" r="4.2" />,
  half: <><circle cx="8" cy="8" r="4.2" /><path d="M8 3.8a4.2 4.2 0 0 1 0 8.4z" fill="currentColor" stroke="none" /></>,
  triangle: <path d="M8 2.8 14 13H2zM8 6.5v3M8 11.2v.2" />,
  cross: <path d="m4.5 4.5 7 7m0-7-7 7" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  clock: <><circle cx="8" cy="8" r="5.5" /><path d="M8 5v3.2l2 1.4" /></>,
  close: <path d="m4 4 8 8m0-8-8 8" />,
  search: <><circle cx="7" cy="7" r="4.3" /><path d="m10.3 10.3 3.4 3.4" /></>,
  chart: <path d="M2.5 11.5 6 7.5l3 2.5 4.5-6" />,
  command: <path d="M3 5h6m3 0h1M3 11h1m3 0h6M9 3.2v3.6M5.5 9.2v3.6" />,
};

export function Icon({name}: {name: IconName}) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor"
      stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">{paths[name]}</svg>
  );
}

export function Badge({tone, icon, children}: {tone: 'good' | 'warn' | 'bad' | 'quiet'; icon: IconName; children: preact.ComponentChildren}) {
  return <span class={`badge ${tone}`}><Icon name={icon} />{children}</span>;
}

import {signal, useComputed} from '@preact/signals';

import {words} from '../i18n/language';
import {link, lost, model} from '../state/app';
import {formatRoute} from '../state/route';
import {DeviceCard} from './device_card';
import {Badge, Icon} from './icons';

const search = signal('');

export function Devices() {
  const w = words.value;
  const shown = useComputed(() => matching(search.value));
  const empty = model.names.value.length === 0;
  return (
    <main class={link.value.state === 'down' ? 'devices stale' : 'devices'}>
      <label class="search">
        <Icon name="search" />
        <input type="search" value={search.value} placeholder={w.search} aria-label={w.search}
          onInput={(event) => (search.value = event.currentTarget.value)} />
      </label>
      {lost.value > 0 && <LossesLink />}
      {empty && link.value.state === 'up' && <div class="centre"><h2>{w.devices.none}</h2><p class="quiet">{w.devices.noneHint}</p></div>}
      {!empty && shown.value.length === 0 && <p class="centre quiet" role="status">{w.devices.noMatch(search.value)}</p>}
      <ul class="cards">
        {shown.value.map(({name, metrics}) => {
          const device = model.devices.get(name);
          return device && <DeviceCard key={name} device={device} metrics={metrics} />;
        })}
      </ul>
      {lost.value === 0 && <LossesLink />}
      {model.hidden.value > 0 && <p class="centre quiet">{w.devices.hidden(model.hidden.value)}</p>}
    </main>
  );
}

/** Below all else while nothing is lost, above it otherwise. */
function LossesLink() {
  const w = words.value.losses;
  return (
    <p class="losses-link">
      <a class="button" href={formatRoute({view: 'losses'})} data-losses={lost.value}>
        {lost.value > 0 ? <Badge tone="warn" icon="triangle">{w.today(lost.value)}</Badge> : w.heading}
      </a>
    </p>
  );
}

/** Devices whose name, reader or one of whose metrics holds every word; only those metrics, unless the device matches. */
function matching(text: string): {name: string; metrics: string[]}[] {
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  return model.names.value.flatMap((name) => {
    const device = model.devices.get(name);
    if (!device) return [];
    const about = `${name} ${device.reader.value}`.toLowerCase();
    const left = terms.filter((term) => !about.includes(term));
    const metrics = device.metrics.value.filter((metric) => left.every((term) => metric.toLowerCase().includes(term)));
    return left.length > 0 && metrics.length === 0 ? [] : [{name, metrics}];
  });
}

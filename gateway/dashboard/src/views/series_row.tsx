import {useComputed} from '@preact/signals';

import {formatAge, freshness, type Freshness} from '../format/age';
import {formatValue} from '../format/numbers';
import {prettyUnit} from '../format/units';
import {words} from '../i18n/language';
import {link, now} from '../state/app';
import type {DeviceModel, Newest, SeriesModel} from '../state/model';
import {formatRoute} from '../state/route';
import {Badge} from './icons';

interface Props {
  device: DeviceModel;
  series: SeriesModel;
}

export function SeriesRow({device, series}: Props) {
  const {metric} = series;
  return (
    <li>
      <a class="row" href={formatRoute({view: 'chart', device: device.name, metric})} data-metric={metric}>
        <span class="metric">{metric}</span>
        <ValueText newest={series.newest.value} />
        <Marks device={device} series={series} />
        <Age series={series} />
      </a>
    </li>
  );
}

export function ValueText({newest}: {newest: Newest}) {
  const w = words.value;
  const {value, unit} = newest.record;
  const text = formatValue(value, newest.decimals, w.code, w);
  return (
    <span class={typeof value === 'string' ? 'value text' : 'value'} title={typeof value === 'string' ? value : undefined}>
      <b>{text}</b> {unit && <span class="unit">{prettyUnit(unit)}</span>}
    </span>
  );
}

/** A computed text renders only when it changes: thousands of ages count, few of them move in a second. */
export function Age({series}: {series: SeriesModel}) {
  const text = useComputed(() => formatAge(ageOf(series), words.value.age));
  return <span class="age">{text}</span>;
}

/** What is wrong with the value, in words and shape; nothing when all is well. */
export function Marks({device, series}: Props) {
  const w = words.value;
  const quality = useComputed(() => series.newest.value.record.quality ?? 'good').value;
  const state = useComputed(() => stateOf(device, series)).value;
  return (
    <span class="marks">
      {quality !== 'good' && <Badge tone={quality === 'bad' ? 'bad' : 'warn'} icon={quality === 'bad' ? 'cross' : 'triangle'}>{w.quality[quality]}</Badge>}
      {state === 'lastKnown' && <Badge tone="quiet" icon="clock">{w.lastKnown}</Badge>}
      {state === 'late' && <Badge tone="warn" icon="clock">{w.freshness.late}</Badge>}
      {state === 'old' && <Badge tone="quiet" icon="hollow">{w.freshness.old}</Badge>}
    </span>
  );
}

function stateOf(device: DeviceModel, series: SeriesModel): Freshness | 'lastKnown' {
  if (link.value.state === 'down') return 'lastKnown';
  return freshness(ageOf(series), series.newest.value.intervalMs, device.state.value);
}

function ageOf(series: SeriesModel): number {
  return Math.max(0, now.value - series.newest.value.timeMs);
}

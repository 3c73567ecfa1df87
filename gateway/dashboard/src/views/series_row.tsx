import {formatAge, freshness} from '../format/age';
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

export function Age({series}: {series: SeriesModel}) {
  return <span class="age">{formatAge(ageOf(series), words.value.age)}</span>;
}

/** What is wrong with the value, in words and shape; nothing when all is well. */
export function Marks({device, series}: Props) {
  const w = words.value;
  const {record, intervalMs} = series.newest.value;
  const quality = record.quality ?? 'good';
  const state = freshness(ageOf(series), intervalMs, device.state.value);
  return (
    <span class="marks">
      {quality !== 'good' && <Badge tone={quality === 'bad' ? 'bad' : 'warn'} icon={quality === 'bad' ? 'cross' : 'triangle'}>{w.quality[quality]}</Badge>}
      {link.value.state === 'down' && <Badge tone="quiet" icon="clock">{w.lastKnown}</Badge>}
      {link.value.state !== 'down' && state === 'late' && <Badge tone="warn" icon="clock">{w.freshness.late}</Badge>}
      {link.value.state !== 'down' && state === 'old' && <Badge tone="quiet" icon="hollow">{w.freshness.old}</Badge>}
    </span>
  );
}

function ageOf(series: SeriesModel): number {
  return Math.max(0, now.value - series.newest.value.timeMs);
}

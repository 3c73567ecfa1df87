import {useEffect, useRef, useState} from 'preact/hooks';
import {batch, signal} from '@preact/signals';

import {loadReadings} from '../api/devices';
import {gatewayNow} from '../api/http';
import {formatNumber} from '../format/numbers';
import {prettyUnit} from '../format/units';
import {words} from '../i18n/language';
import {link} from '../state/app';
import {plottable, type DeviceModel, type SeriesModel} from '../state/model';
import type {ReadingRecord} from '../api/types';
import {addPoint, type Point, windowMs} from '../state/points';
import {HistoryView} from './history_view';
import {Plot} from './plot';
import {RangePicker, type Shown} from './range_picker';
import {Age, Marks, ValueText} from './series_row';
import {Sheet} from './sheet';

const textsMax = 20;

export function ChartSheet({device, series}: {device: DeviceModel; series: SeriesModel}) {
  const w = words.value.chart;
  const {points, texts, revision, failed} = usePoints(series);
  const [shown, setShown] = useState<Shown>('live');
  const textual = typeof series.newest.value.record.value === 'string';
  return (
    <Sheet wide title={series.metric} subtitle={device.name}>
      <div class="now" aria-live="off">
        <ValueText newest={series.newest.value} />
        <Age series={series} />
        <Marks device={device} series={series} />
      </div>
      <RangePicker shown={shown} choose={setShown} />
      {shown !== 'live' && <HistoryView series={series} range={shown} />}
      {shown === 'live' && (textual ? <Texts texts={texts} revision={revision} /> : <Curve series={series} points={points} revision={revision} />)}
      {shown === 'live' && failed && <p class="problem" role="status">{w.failed}</p>}
    </Sheet>
  );
}

/** The arrays grow in place: `revision` says that they have, or this would not be rendered again. */
function Curve({series, points, revision}: {series: SeriesModel; points: Point[]; revision: number}) {
  const w = words.value;
  const {record, decimals} = series.newest.value;
  const values = points.map(({value}) => value);
  const show = (value: number) => `${formatNumber(value, decimals, w.code)} ${prettyUnit(record.unit)}`.trim();
  const low = values.length ? show(values.reduce((a, b) => Math.min(a, b))) : '–';
  const high = values.length ? show(values.reduce((a, b) => Math.max(a, b))) : '–';
  return (
    <>
      <Plot points={points} revision={revision} stepped={typeof record.value === 'boolean'} label={w.chart.summary(series.metric, points.length, low, high)} />
      {points.length === 0 && <p class="quiet">{w.chart.empty}</p>}
      <dl class="facts">
        <div><dt>{w.chart.minimum}</dt><dd>{low}</dd></div>
        <div><dt>{w.chart.maximum}</dt><dd>{high}</dd></div>
        <div><dt>{w.chart.points}</dt><dd data-points={points.length}>{points.length}</dd></div>
      </dl>
    </>
  );
}

function Texts({texts}: {texts: ReadingRecord[]; revision: number}) {
  const w = words.value;
  return (
    <>
      <p class="quiet">{w.chart.text}</p>
      <ol class="texts">
        {texts.map(({seq, time, value}) => <li key={seq}><time dateTime={time}>{new Date(time).toLocaleTimeString(w.code)}</time> <span>{value}</span></li>)}
      </ol>
    </>
  );
}

/** The last minutes: what the page remembers at once, then what the log has, then each new reading. */
function usePoints(series: SeriesModel): {points: Point[]; texts: ReadingRecord[]; revision: number; failed: boolean} {
  const held = useRef({points: [...series.points], texts: [series.newest.value.record]});
  const [revision] = useState(() => signal(0));
  const [failed, setFailed] = useState(false);
  const up = link.value.state === 'up';

  useEffect(() => {
    const {points, texts} = held.current;
    const take = (record: ReadingRecord) => {
      const value = plottable(record);
      if (value !== null) addPoint(points, {time: Date.parse(record.time), value});
      if (!texts.some(({seq}) => seq === record.seq)) texts.push(record);
      texts.sort((a, b) => b.seq - a.seq).splice(textsMax);
      ++revision.value;
    };
    const loading = new AbortController();
    series.watcher = take;
    if (up) {
      const since = Math.max(gatewayNow() - windowMs, 0);
      loadReadings(series.device, series.metric, since, loading.signal, (readings) => {
        batch(() => readings.forEach(take));
      }).then(() => setFailed(false), () => loading.signal.aborted || setFailed(true));
    }
    return () => {
      loading.abort();
      series.watcher = null;
    };
  }, [series, up]);

  return {...held.current, revision: revision.value, failed};
}

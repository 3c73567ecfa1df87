import {useEffect, useState} from 'preact/hooks';

import {fileAddress, loadHistory, type Bucket, type History, type HistoryGap} from '../api/history';
import {formatNumber, formatValue} from '../format/numbers';
import {prettyUnit} from '../format/units';
import {words} from '../i18n/language';
import {link} from '../state/app';
import {factsOf, fromOf, historyPoints, joinedGaps, refreshMs, type Range} from '../state/history';
import type {SeriesModel} from '../state/model';
import {HistoryPlot} from './history_plot';
import {reasonText} from './losses_sheet';

const textsMax = 20;
const gapsMax = 20;

export function HistoryView({series, range}: {series: SeriesModel; range: Range}) {
  const w = words.value.history;
  const {history, failed} = useHistory(series, range);
  const textual = typeof series.newest.value.record.value === 'string';
  return (
    <>
      {!history && !failed && <p class="quiet" role="status">{words.value.loading}</p>}
      {history && (textual ? <LastTexts buckets={history.buckets} /> : <Curve series={series} range={range} history={history} />)}
      {failed && <p class="problem" role="status">{w.failed(failed)}</p>}
      {history && <Gaps gaps={history.gaps} />}
      <a class="button" href={fileAddress(series.device, series.metric, fromOf(range))} download>{w.file}</a>
    </>
  );
}

function Curve({series, range, history}: {series: SeriesModel; range: Range; history: History}) {
  const w = words.value;
  const {record, decimals} = series.newest.value;
  const facts = factsOf(history.buckets);
  const show = (value: number | undefined) => (value === undefined ? '–' : `${formatNumber(value, decimals, w.code)} ${prettyUnit(history.unit ?? record.unit)}`.trim());
  const label = w.chart.summary(series.metric, facts?.count ?? 0, show(facts?.low), show(facts?.high));
  return (
    <>
      <HistoryPlot history={history} range={range} stepped={typeof record.value === 'boolean'} label={label} />
      {!facts && <p class="quiet">{w.history.empty}</p>}
      <dl class="facts">
        <div><dt>{w.chart.minimum}</dt><dd>{show(facts?.low)}</dd></div>
        <div><dt>{w.history.mean}</dt><dd>{show(facts?.mean)}</dd></div>
        <div><dt>{w.chart.maximum}</dt><dd>{show(facts?.high)}</dd></div>
        <div><dt>{w.history.readings}</dt><dd data-readings={facts?.count ?? 0}>{(facts?.count ?? 0).toLocaleString(w.code)}</dd></div>
      </dl>
    </>
  );
}

/** Text has no curve: what each stretch of time ended with, newest first. */
function LastTexts({buckets}: {buckets: Bucket[]}) {
  const w = words.value;
  if (buckets.length === 0) return <p class="quiet">{w.history.empty}</p>;
  return (
    <>
      <p class="quiet">{w.chart.text}</p>
      <ol class="texts">
        {buckets.slice(-textsMax).reverse().map(({time, last}) => (
          <li key={time}><time dateTime={time}>{new Date(time).toLocaleString(w.code)}</time> <span>{formatValue(last, 0, w.code, w)}</span></li>
        ))}
      </ol>
    </>
  );
}

/** The hatched times in words. */
function Gaps({gaps}: {gaps: HistoryGap[]}) {
  const w = words.value;
  const joined = joinedGaps(gaps);
  if (joined.length === 0) return null;
  const time = (text: string) => <time dateTime={text}>{new Date(text).toLocaleString(w.code, {dateStyle: 'short', timeStyle: 'short'})}</time>;
  return (
    <section class="gaps">
      <h3>{w.history.missing}</h3>
      <ul>
        {joined.slice(-gapsMax).reverse().map((gap) => (
          <li key={`${gap.from} ${gap.reason}`} data-reason={gap.reason}>
            <span class="when">{time(gap.from)} – {time(gap.to)}</span> {reasonText(gap.reason)}{gap.lost ? ` · ${w.losses.count(gap.lost)}` : ''}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Asked for again as it grows, and when the link is back. */
function useHistory(series: SeriesModel, range: Range): {history: History | null; failed: string} {
  const [held, setHeld] = useState<{range: Range; history: History} | null>(null);
  const [failed, setFailed] = useState('');
  const up = link.value.state === 'up';

  useEffect(() => {
    if (!up) return;
    const ending = new AbortController();
    const load = () =>
      loadHistory(series.device, series.metric, fromOf(range), historyPoints, ending.signal).then(
        (history) => {
          setHeld({range, history});
          setFailed('');
        },
        (error: Error) => ending.signal.aborted || setFailed(error.message),
      );
    void load();
    const timer = setInterval(() => void load(), refreshMs(range));
    return () => {
      clearInterval(timer);
      ending.abort();
    };
  }, [series, range, up]);

  return {history: held?.range === range ? held.history : null, failed};
}

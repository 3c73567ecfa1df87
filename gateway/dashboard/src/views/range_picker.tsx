import {words} from '../i18n/language';
import {ranges, type Range} from '../state/history';

export type Shown = 'live' | Range;

export function RangePicker({shown, choose}: {shown: Shown; choose: (shown: Shown) => void}) {
  const w = words.value.history;
  return (
    <div class="ranges" role="group" aria-label={w.range}>
      {(['live', ...ranges] as Shown[]).map((each) => (
        <button key={each} type="button" class="plain" data-range={each} aria-pressed={each === shown} onClick={() => choose(each)}>{w.ranges[each]}</button>
      ))}
    </div>
  );
}

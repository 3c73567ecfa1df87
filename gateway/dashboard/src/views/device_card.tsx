import type {DeviceState} from '../api/types';
import {words} from '../i18n/language';
import {formatRoute} from '../state/route';
import type {DeviceModel} from '../state/model';
import {Badge, Icon, type IconName} from './icons';
import {SeriesRow} from './series_row';

const looks: Record<DeviceState, {tone: 'good' | 'bad' | 'quiet'; icon: IconName}> = {
  online: {tone: 'good', icon: 'filled'},
  offline: {tone: 'bad', icon: 'hollow'},
  discovered: {tone: 'quiet', icon: 'half'},
};

export function DeviceCard({device, metrics}: {device: DeviceModel; metrics: string[]}) {
  const w = words.value;
  const state = device.state.value;
  return (
    <li class="card" data-device={device.name} data-state={state}>
      <div class="card-head">
        <h2>{device.name}</h2>
        <p class="quiet small">
          <Badge {...looks[state]}>{w.deviceState[state]}</Badge>
          {device.reader.value && <span>{w.via(device.reader.value)}</span>}
        </p>
        {device.commands.value.length > 0 && (
          <a class="button" href={formatRoute({view: 'commands', device: device.name})} aria-label={w.commands.heading(device.name)}>
            <Icon name="command" />{w.commands.open}
          </a>
        )}
      </div>
      {device.metrics.value.length === 0 && <p class="quiet">{w.devices.noSeries}</p>}
      <ul class="rows">
        {metrics.map((metric) => {
          const series = device.series.get(metric);
          return series && <SeriesRow key={metric} device={device} series={series} />;
        })}
      </ul>
    </li>
  );
}

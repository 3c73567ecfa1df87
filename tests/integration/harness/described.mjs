// What the descriptions of the API are tried on: a gateway with a device that answers its commands, a reading and a loss.
import { mqttToml } from './configuration.mjs';
import { startGateway } from './gateway.mjs';
import { startMosquitto } from './mosquitto.mjs';
import { waitFor } from './process.mjs';

export const declared = `
  publish = "sensors/{device}/commands"
  replies = "sensors/+/replies"
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "set"
    args.target = { type = "number", min = 0, max = 90, unit = "Cel" }
    args.mode = { type = "enum", values = ["eco", "full"], required = false }
    state_metric = "target"
    [[mqtt.commands.declare]]
    device = "boiler*"
    name = "flush"
    dangerous = true
`;

/** The gateway, and where its stream is now. */
export async function startDescribedGateway() {
  const broker = await startMosquitto();
  const gateway = await startGateway({ toml: mqttToml(broker, { commands: declared }) });
  const device = await broker.client();
  device.on('message', (_, payload) => device.publish('sensors/boiler-1/replies', JSON.stringify({ id: JSON.parse(payload).id, ok: true, result: { target: 65 } })));
  await device.subscribeAsync('sensors/boiler-1/commands', { qos: 1 });
  await device.publishAsync('json/boiler-1', '{"temperature":', { qos: 1 }); // a loss
  await device.publishAsync('sensors/boiler-1/temperature', '60', { qos: 1 });
  await waitFor(async () => (await gateway.get('/v1/devices')).devices.length > 0, 'the device');
  return { gateway, cursor: (await gateway.get('/v1/stream')).cursor };
}

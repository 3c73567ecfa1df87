// Tables of weir.toml that several tests share.

/** sensors/DEVICE/METRIC carries a value, json/DEVICE an object of metrics. `commands`: lines of [mqtt.commands]. */
export function mqttToml(broker, { name = 'field', version = '5', commands = '', more = '' } = {}) {
  return `
[[mqtt]]
name = "${name}"
url = "${broker.url}"
version = "${version}"
  [[mqtt.subscribe]]
  filter = "sensors/+/+"
  qos = 1
  device = "{1}"
  metric = "{2}"
  decode = "value"
  [[mqtt.subscribe]]
  filter = "json/+"
  qos = 1
  device = "{1}"
  decode = "json"
${more}
${commands && `  [mqtt.commands]\n${commands}`}
`;
}

export function serialToml(port, { name = 'bench', baud = 115200, framing = 'wire', decode = 'wire', device, more = '' } = {}) {
  return `
[[serial]]
name = "${name}"
port = "${port}"
baud = ${baud}
framing = "${framing}"
decode = "${decode}"
${device ? `device = "${device}"` : ''}
${more}
`;
}

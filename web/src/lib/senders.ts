// What a machine is given so that its logs come here: from the listeners that this node's configuration names, as
// GET /settings shows it ("listen[syslog-tcp].address" and so on), never from ports that a node usually has.
export interface Listener {
  name: string;
  protocol: string;
  host: string;
  port: string;
  tls: boolean;
  token: boolean;
}
export interface Way {
  name: string;
  text: string;
}

export function listeners(configuration: readonly { name: string; value: unknown }[]): Listener[] {
  const by = new Map<string, Record<string, string>>();
  for (const { name, value } of configuration) {
    const m = /^listen\[([^\]]+)\]\.(.+)$/.exec(name);
    if (m) by.set(m[1]!, { ...by.get(m[1]!), [m[2]!]: String(value ?? '') });
  }
  return [...by].flatMap(([name, of]) => {
    const at = /^(.*):(\d+)$/.exec(of['address'] ?? '');
    if (!at) return [];
    return [{ name, protocol: of['protocol'] ?? name, host: at[1]!.replace(/^\[|\]$/g, ''), port: at[2]!, tls: of['tls'] === 'true' || Object.keys(of).some((k) => k.startsWith('tls.')), token: of['token'] === 'true' }];
  });
}
export const everywhere = (host: string): boolean => ['0.0.0.0', '::', '*', ''].includes(host);
export const onlyHere = (host: string): boolean => host === '::1' || host.startsWith('127.');

/* Lines for the usual senders, as far as there is a listener for them. `page`: the host that the browser reached. */
export function waysTo(all: readonly Listener[], page: string): Way[] {
  const first = (...protocols: string[]) => all.find((l) => protocols.includes(l.protocol) && !l.tls) ?? all.find((l) => protocols.includes(l.protocol));
  const host = (l: Listener) => (everywhere(l.host) ? page : l.host);
  const tcp = first('syslog-tcp');
  const udp = first('syslog-udp');
  const line = tcp ?? udp;
  const bulk = first('bulk');
  const otlp = first('otlp');
  const relp = first('relp');
  const ways: Way[] = [];
  if (line) {
    const driver = tcp?.tls ? 'StreamDriver="gtls" StreamDriverMode="1" ' : '';
    ways.push({ name: 'logger', text: `logger --server ${host(line)} --port ${line.port} --${tcp ? 'tcp' : 'udp'} "hello coloa"` });
    ways.push({ name: 'rsyslog', text: `action(type="omfwd" target="${host(line)}" port="${line.port}" protocol="${tcp ? 'tcp' : 'udp'}" ${driver}template="RSYSLOG_SyslogProtocol23Format")` });
    ways.push({ name: 'syslog-ng', text: `destination coloa { syslog("${host(line)}" transport("${tcp ? (tcp.tls ? 'tls' : 'tcp') : 'udp'}") port(${line.port})); };` });
    if (tcp?.tls) ways.shift(); // logger speaks no TLS
  }
  if (relp) ways.push({ name: 'rsyslog, RELP', text: `action(type="omrelp" target="${host(relp)}" port="${relp.port}"${relp.tls ? ' tls="on"' : ''} template="RSYSLOG_SyslogProtocol23Format")` });
  if (bulk) ways.push({ name: 'Winlogbeat, Filebeat', text: `output.elasticsearch:\n  hosts: ["${bulk.tls ? 'https' : 'http'}://${host(bulk)}:${bulk.port}"]` });
  if (otlp) ways.push({ name: 'OpenTelemetry', text: `exporters:\n  otlphttp:\n    endpoint: ${otlp.tls ? 'https' : 'http'}://${host(otlp)}:${otlp.port}` });
  return ways;
}

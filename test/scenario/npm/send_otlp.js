// Numbered events through the OpenTelemetry SDK and its exporter: send_otlp.js http|proto URL WORD COUNT
// A batch that the exporter gives up is exported again, as a collector's queue would.
'use strict'
const { SeverityNumber } = require('@opentelemetry/api-logs')
const { LoggerProvider } = require('@opentelemetry/sdk-logs')

const [kind, url, word, count] = [process.argv[2], process.argv[3], process.argv[4], Number(process.argv[5])]
const { OTLPLogExporter } = require(`@opentelemetry/exporter-logs-otlp-${kind}`)
const exporter = new OTLPLogExporter({ url, concurrencyLimit: 4 })
const BATCH = 512

let batch = []
const provider = new LoggerProvider()
provider.addLogRecordProcessor({
  onEmit: record => batch.push(record), forceFlush: async () => {}, shutdown: async () => {}
})

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
let again = 0

async function flush () {
  const records = batch
  batch = []
  for (;;) {
    const result = await new Promise(resolve => exporter.export(records, resolve))
    if (result.code === 0) return
    if (++again > 600) throw result.error
    await pause(50)
  }
}

async function main () {
  const logger = provider.getLogger('coloa-test', '1.0')
  for (let i = 0; i < count; i++) {
    logger.emit({
      severityNumber: SeverityNumber.INFO,
      severityText: 'INFO',
      body: `number=${i} word=${word} ${'x'.repeat(i % 200)}`,
      attributes: { 'user.name': `u${i % 97}`, 'test.number': i }
    })
    if (batch.length === BATCH) await flush()
  }
  if (batch.length) await flush()
  console.log(JSON.stringify({ again }))
}

main().then(() => process.exit(0), error => {
  console.error(error)
  process.exit(1)
})

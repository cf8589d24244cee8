// Numbered events through the Elasticsearch client's bulk helper: send_elastic.js URL WORD COUNT
'use strict'
const { Client } = require('@elastic/elasticsearch')

const [url, word, count] = [process.argv[2], process.argv[3], Number(process.argv[4])]
const client = new Client({ node: url, maxRetries: 400, retryBackoff: () => 0.05, requestTimeout: 30000, compression: true })

async function * events () {
  for (let i = 0; i < count; i++) {
    yield { '@timestamp': new Date().toISOString(), word, message: `number=${i} word=${word} ${'x'.repeat(i % 200)}` }
  }
}

let number = 0
client.helpers.bulk({
  datasource: events(),
  onDocument: () => ({ create: { _index: 'logs', _id: `${word}-${number++}` } }),
  flushBytes: 500000,
  concurrency: 2,
  retries: 100,
  wait: 200,
  onDrop: dropped => { console.error('dropped', dropped.status, JSON.stringify(dropped.error)) }
}).then(result => {
  console.log(JSON.stringify(result))
  process.exit(result.successful === count && result.failed === 0 ? 0 : 1)
}, error => {
  console.error(error)
  process.exit(1)
})

// `npm run mock`: the mock node in the foreground, for work on the pages.
import { resolve } from 'node:path';
import { startMock } from './mock.ts';

const mock = await startMock(resolve('dist'), Number(process.env['PORT'] ?? 8600));
console.log(`mock node at ${mock.url}`);

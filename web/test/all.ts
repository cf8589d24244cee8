import './checks.test.ts';
import './pages.test.ts';
import './keys.test.ts';
import './work.test.ts';
import './desk.test.ts';
import './search.test.ts';
import './playbooks.test.ts';
import './drafts.test.ts';

/* The page of one hunt. Data stands in script elements that never run: class "rows" (JSON: a block of findings, the
   rules and inputs it is the first to name, places that could not be read), each followed by class "events" (base64 of
   deflated JSON: the events of that block, opened only when somebody looks), and at the end id "summary".
   Everything from a log goes into the page as text (textContent), after show() has made what could mislead visible. */
(function () {
'use strict';

/* ---- words ---- */
var WORDS = {
  skip: ['Skip to the findings', 'Tới các phát hiện'], search: ['Search', 'Tìm'],
  searchIn: ['Search findings and events', 'Tìm trong phát hiện và sự kiện'],
  keys: ['Keys', 'Phím tắt'], timeline: ['When', 'Thời gian'], views: ['Views', 'Các trang'],
  overview: ['Overview', 'Tổng quan'], findings: ['Findings', 'Phát hiện'], attack: ['ATT&CK', 'ATT&CK'],
  hosts: ['Hosts, accounts', 'Máy, tài khoản'], inputs: ['Inputs', 'Đầu vào'],
  levels: [['No level', 'Không có mức'], ['Informational', 'Thông tin'], ['Low', 'Thấp'], ['Medium', 'Trung bình'],
    ['High', 'Cao'], ['Critical', 'Nguy cấp']],
  severity: ['Severity', 'Mức độ'], time: ['Time (UTC)', 'Thời gian (UTC)'], rule: ['Rule', 'Quy tắc'],
  host: ['Host', 'Máy'], account: ['Account', 'Tài khoản'], what: ['What matched', 'Nội dung khớp'],
  first: ['First', 'Đầu tiên'], last: ['Last', 'Cuối cùng'], count: ['Findings', 'Phát hiện'],
  rules: ['Rules', 'Quy tắc'], rulesHit: ['Rules that matched', 'Quy tắc đã khớp'], accounts: ['Accounts', 'Tài khoản'],
  hostsH: ['Hosts', 'Máy'], none: ['No finding passes the filter.', 'Không phát hiện nào qua bộ lọc.'],
  nothing: ['No rule matched anything that was read.', 'Không quy tắc nào khớp với những gì đã đọc.'],
  clear: ['Clear filter', 'Bỏ lọc'], noTime: ['time unknown', 'không rõ thời gian'],
  noHost: ['(no host)', '(không rõ máy)'], file: ['File', 'Tệp'], place: ['Place', 'Vị trí'],
  byte: ['byte', 'byte'], line: ['line', 'dòng'], record: ['record', 'bản ghi'], event: ['Event', 'Sự kiện'],
  matched: ['marked: what the rule matched', 'đánh dấu: phần quy tắc đã khớp'],
  cutFields: ['Some fields were too large and were left out.', 'Một số trường quá lớn nên đã bỏ ra.'],
  ruleId: ['Rule id', 'Mã quy tắc'], technique: ['Technique', 'Kỹ thuật'], tags: ['Tags', 'Thẻ'],
  correlation: ['Correlation', 'Tương quan'], events: ['events', 'sự kiện'], close: ['Close', 'Đóng'],
  notRead: ['Not read', 'Không đọc được'], allRead: ['Everything could be read', 'Mọi thứ đều đọc được'],
  why: ['Why', 'Vì sao'], length: ['Length', 'Độ dài'], saved: ['Recovered', 'Cứu được'], offset: ['First at byte', 'Từ byte'], places: ['Places', 'Số chỗ'],
  crashed: ['The reader crashed here.', 'Tiến trình đọc bị hỏng tại đây.'], lookedAt: ['Looked at', 'Đã xem'],
  files: ['Files', 'Tệp'], folder: ['Folder', 'Thư mục'], records: ['Records', 'Bản ghi'], size: ['Size', 'Dung lượng'], took: ['Took', 'Thời gian chạy'],
  least: ['Least level', 'Từ mức'], refused: ['Rules left out', 'Quy tắc bị bỏ ra'], unmapped: ['Rules whose log source nothing maps', 'Quy tắc có nguồn nhật ký chưa ánh xạ'],
  evicted: ['Correlation windows dropped: alerts may be missing', 'Cửa sổ tương quan bị bỏ: có thể thiếu cảnh báo'],
  untimed: ['Matches without a time, unknown to correlations', 'Kết quả khớp không có thời gian, tương quan không dùng được'],
  interrupted: ['Interrupted: the rest was not looked at.', 'Bị ngắt: phần còn lại chưa được xem.'],
  searching: ['searching events', 'đang tìm trong sự kiện'], theme: ['Theme', 'Nền'],
  themes: [['auto', 'tự động'], ['light', 'sáng'], ['dark', 'tối']], more: ['more', 'nữa'],
  noTech: ['No finding is tagged with a technique.', 'Không phát hiện nào có thẻ kỹ thuật.'],
  noHosts: ['No finding names a host.', 'Không phát hiện nào nêu tên máy.'],
  noAccounts: ['No finding names an account.', 'Không phát hiện nào nêu tên tài khoản.'],
  printed: ['The first {n} of {all} findings.', '{n} phát hiện đầu trong {all}.'],
  broken: ['A part of this report could not be read; it may be cut off.', 'Một phần báo cáo không đọc được; tệp có thể bị cắt.'],
  keyList: [['/', 'search', 'tìm'], ['J K', 'next, previous finding', 'phát hiện sau, trước'], ['Enter', 'open', 'mở'],
    ['Esc', 'close, then clear the filter', 'đóng, rồi bỏ lọc'], ['1 – 5', 'views', 'các trang'],
    ['← →', 'on the timeline: move; with Shift: select a span', 'trên trục thời gian: di chuyển; cùng Shift: chọn khoảng'],
    ['?', 'this list', 'danh sách này']]
};
var TACTICS = [['Reconnaissance', 'Trinh sát'], ['Resource Development', 'Chuẩn bị nguồn lực'], ['Initial Access', 'Xâm nhập ban đầu'],
  ['Execution', 'Thực thi'], ['Persistence', 'Duy trì hiện diện'], ['Privilege Escalation', 'Leo thang đặc quyền'],
  ['Stealth', 'Ẩn mình'], ['Defense Impairment', 'Làm suy yếu phòng thủ'], ['Credential Access', 'Lấy thông tin xác thực'],
  ['Discovery', 'Thăm dò'], ['Lateral Movement', 'Lan sang máy khác'], ['Collection', 'Thu thập'],
  ['Command and Control', 'Điều khiển từ xa'], ['Exfiltration', 'Đưa dữ liệu ra ngoài'], ['Impact', 'Gây tác động']];
var vi = 0;
function t(key) { var w = WORDS[key]; return w ? w[vi] : key; }
function level(l) { return WORDS.levels[l][vi]; }
function number(n) { return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, vi ? '.' : ','); }
function count(n, one, many, v) { return number(n) + ' ' + (vi ? v : n === 1 ? one : many); }
function findings(n) { return count(n, 'finding', 'findings', 'phát hiện'); }
function bytes(n) {
  var units = [vi || n === 1 ? 'byte' : 'bytes', 'kB', 'MB', 'GB', 'TB'], i = 0;
  while (n >= 1000 && i < 4) { n /= 1000; i++; }
  return (i ? n.toFixed(1).replace('.', vi ? ',' : '.') : n) + ' ' + units[i];
}
function seconds(ns) {
  var s = ns / 1e9;
  return s < 60 ? s.toFixed(2).replace('.', vi ? ',' : '.') + (vi ? ' giây' : ' s')
    : Math.floor(s / 60) + (vi ? ' phút ' : ' min ') + Math.floor(s % 60) + (vi ? ' giây' : ' s');
}
/* µs since 1970, UTC */
function when(us, digits) {
  if (us === null) return t('noTime');
  var d = new Date(Math.floor(us / 1000));
  return isNaN(d) ? '?' : d.toISOString().replace('T', ' ').slice(0, digits === 3 ? 23 : digits === -1 ? 16 : 19);
}

/* ---- page building: text only ---- */
function $(id) { return document.getElementById(id); }
/* Controls, direction overrides and invisible characters, made visible. */
var HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
function show(s) {
  return String(s).replace(HIDDEN, function (c) { return '\\u{' + c.charCodeAt(0).toString(16) + '}'; });
}
function el(tag, cls, text) {
  var e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = show(text);
  return e;
}
function add(e) {
  for (var i = 1; i < arguments.length; i++) if (arguments[i]) e.appendChild(arguments[i]);
  return e;
}
function empty(e) { while (e.firstChild) e.removeChild(e.firstChild); return e; }
function svg(tag, attrs) {
  var e = document.createElementNS('http://www.w3.org/2000/svg', tag), k;
  for (k in attrs) e.setAttribute(k, attrs[k]);
  return e;
}
function bars(l) {
  var s = svg('svg', { width: 14, height: 12, viewBox: '0 0 14 12', 'aria-hidden': 'true' });
  for (var i = 0; i < 4; i++)
    s.appendChild(svg('rect', { x: i * 4, y: 8 - i * 2.6, width: 2.6, height: 4 + i * 2.6, fill: 'currentColor', opacity: i < l - 1 ? 1 : .25 }));
  return s;
}
function severity(l) { return add(el('span', 'sev s' + l), bars(l), el('span', '', level(l))); }
function button(cls, text, action) {
  var b = el('button', cls, text);
  b.type = 'button';
  b.addEventListener('click', action);
  return b;
}

/* ---- data ---- */
var rules = [], ruleAt = {}, inputs = {}, places = [], summary = {}, broken = false;
/* One entry per finding in each. */
var D = { rule: [], flags: [], time: [], last: [], count: [], host: [], user: [], input: [], offset: [], length: [], line: [], record: [], name: [], value: [], block: [], pos: [] };
var n = 0, blocks = [], hosts = [''], hostAt = { '': 0 }, users = [''], userAt = { '': 0 };
function intern(list, at, s) {
  var k = '$' + s;
  if (s === '') return 0;
  if (at[k] === undefined) { at[k] = list.length; list.push(s); }
  return at[k];
}
function loadBlock(rowsEl, eventsEl) {
  var b = JSON.parse(rowsEl.textContent), k, i, r, id = blocks.length;
  for (k in b.rules)
    if (!(k in ruleAt)) {
      r = b.rules[k];
      ruleAt[k] = rules.length;
      rules.push({ id: r[0], title: [r[1], r[2] || r[1]], desc: [r[3], r[4] || r[3]], level: r[5], file: r[6], tech: r[7], tactics: r[8], tags: r[9], alert: k.charAt(0) === 'c' });
    }
  for (k in b.inputs) inputs[k] = b.inputs[k];
  for (i = 0; i < b.unreadable.length; i++) places.push(b.unreadable[i]);
  blocks.push(eventsEl);
  for (i = 0; i < b.rows.length; i++) {
    r = b.rows[i];
    D.rule.push(ruleAt[r[0]]); D.flags.push(r[1]); D.time.push(r[2]); D.last.push(r[3]); D.count.push(r[4]);
    D.host.push(intern(hosts, hostAt, r[5])); D.user.push(intern(users, userAt, r[6]));
    D.input.push(r[7]); D.offset.push(r[8]); D.length.push(r[9]); D.line.push(r[10]); D.record.push(r[11]);
    D.name.push(r[12]); D.value.push(r[13]); D.block.push(id); D.pos.push(i);
    n++;
  }
}

/* RFC 1951, after the two bytes of a zlib head: old browsers have no DecompressionStream. */
var LBASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
var LEXT = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
var DBASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
var DEXT = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
/* A table over the next `max` bits: symbol << 4 | length, 0 where no code begins so. */
function huffman(lengths) {
  var max = 1, next = new Uint16Array(17), counts = new Uint16Array(16), i, l, code, rev, k;
  for (i = 0; i < lengths.length; i++) { counts[lengths[i]]++; if (lengths[i] > max) max = lengths[i]; }
  counts[0] = 0;
  for (l = 1; l < 16; l++) next[l + 1] = (next[l] + counts[l]) << 1;
  var table = new Uint16Array(1 << max);
  for (i = 0; i < lengths.length; i++) {
    l = lengths[i];
    if (!l) continue;
    code = next[l]++;
    for (rev = 0, k = 0; k < l; k++) rev |= (code >> k & 1) << (l - 1 - k);
    for (; rev < 1 << max; rev += 1 << l) table[rev] = i << 4 | l;
  }
  return { max: max, table: table };
}
function inflate(src, size) {
  var out = new Uint8Array(size), o = 0, p = 2, bitBuf = 0, bitN = 0, last, type, i, len, sym, d, fixed;
  function need(k) {
    while (bitN < k) { bitBuf |= (p < src.length ? src[p] : 0) << bitN; p++; bitN += 8; }
    if (p > src.length + 4) throw new Error('cut');
  }
  function bits(k) {
    if (bitN < k) need(k);
    var v = bitBuf & ((1 << k) - 1);
    bitBuf >>>= k; bitN -= k;
    return v;
  }
  function decode(h) {
    if (bitN < h.max) need(h.max);
    var e = h.table[bitBuf & ((1 << h.max) - 1)];
    if (!e) throw new Error('code');
    bitBuf >>>= e & 15; bitN -= e & 15;
    return e >> 4;
  }
  function codes(lit, dist) {
    while ((sym = decode(lit)) !== 256) {
      if (sym < 256) { if (o >= size) throw new Error('long'); out[o++] = sym; continue; }
      sym -= 257;
      len = LBASE[sym] + bits(LEXT[sym]);
      sym = decode(dist);
      d = DBASE[sym] + bits(DEXT[sym]);
      if (d > o || o + len > size) throw new Error('distance');
      for (i = 0; i < len; i++, o++) out[o] = out[o - d];
    }
  }
  function stored() {
    p -= bitN >> 3; /* whole bytes read ahead */
    bitBuf = bitN = 0;
    len = src[p] | src[p + 1] << 8; p += 4;
    if (p + len > src.length || o + len > size) throw new Error('cut');
    out.set(src.subarray(p, p + len), o); p += len; o += len;
  }
  function dynamic() {
    var nl = bits(5) + 257, nd = bits(5) + 1, nc = bits(4) + 4, lens = new Uint8Array(320), k, rep, prev;
    var order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    for (k = 0; k < nc; k++) lens[order[k]] = bits(3);
    var cl = huffman(lens.slice(0, 19));
    lens.fill(0);
    for (k = 0; k < nl + nd;) {
      sym = decode(cl);
      if (sym < 16) { lens[k++] = sym; continue; }
      prev = sym === 16 ? lens[k - 1] : 0;
      rep = sym === 16 ? 3 + bits(2) : sym === 17 ? 3 + bits(3) : 11 + bits(7);
      while (rep--) lens[k++] = prev;
    }
    codes(huffman(lens.slice(0, nl)), huffman(lens.slice(nl, nl + nd)));
  }
  do {
    last = bits(1); type = bits(2);
    if (type === 0) stored();
    else if (type === 2) dynamic();
    else {
      if (!fixed) {
        var l = new Uint8Array(288), dl = new Uint8Array(30).fill(5);
        l.fill(8, 0, 144); l.fill(9, 144, 256); l.fill(7, 256, 280); l.fill(8, 280, 288);
        fixed = [huffman(l), huffman(dl)];
      }
      codes(fixed[0], fixed[1]);
    }
  } while (!last);
  return out.subarray(0, o);
}
function blockText(id) {
  var e = blocks[id], raw = atob(e.textContent.trim()), src = new Uint8Array(raw.length), i;
  for (i = 0; i < raw.length; i++) src[i] = raw.charCodeAt(i);
  return new TextDecoder('utf-8').decode(inflate(src, +e.getAttribute('data-size')));
}
var opened = [];
/* [[name, value, 1 when matched], …] of a finding. */
function eventOf(i) {
  var id = D.block[i], k;
  for (k = 0; k < opened.length; k++) if (opened[k].id === id) return opened[k].events[D.pos[i]];
  opened.unshift({ id: id, events: JSON.parse(blockText(id)) });
  opened.length = Math.min(opened.length, 6);
  return opened[0].events[D.pos[i]];
}

/* ---- filter ---- */
var F = { levels: 0, rule: -1, host: -1, user: -1, tech: '', input: -1, from: null, to: null, q: '' };
var LEVEL = 1, TIME = 2, HOST = 4, USER = 8, RULE = 16, TECH = 32, TEXT = 64, INPUT = 128;
var view = 'overview', sortBy = 'time', sortDown = false, selected = -1, matches = [], facet = {}, hay = [], deep = null, deepRun = 0;
function filtered() { return F.levels || F.rule >= 0 || F.host >= 0 || F.user >= 0 || F.tech || F.input >= 0 || F.from !== null || F.q; }
function clearFilter() { F = { levels: 0, rule: -1, host: -1, user: -1, tech: '', input: -1, from: null, to: null, q: '' }; $('q').value = ''; deep = null; deepRun++; $('deep').textContent = ''; }
function hayOf(i) {
  if (hay[i] === undefined) {
    var r = rules[D.rule[i]];
    hay[i] = (r.title[0] + '\n' + r.title[1] + '\n' + r.id + '\n' + r.tags.join(' ') + '\n' + hosts[D.host[i]] + '\n' + users[D.user[i]] + '\n' + D.value[i] + '\n' + inputs[D.input[i]]).toLowerCase();
  }
  return hay[i];
}
function apply() {
  var ruleBits = rules.map(function (r, k) {
    return (F.levels && !(F.levels & 1 << r.level) ? LEVEL : 0) | (F.rule >= 0 && F.rule !== k ? RULE : 0) |
      (F.tech && !r.tech.some(function (x) { return x[0] === F.tech; }) ? TECH : 0);
  });
  var i, bad, q = F.q.toLowerCase(), r, tm;
  matches = [];
  facet = { levels: [0, 0, 0, 0, 0, 0], rules: {}, hosts: {}, users: {}, techs: {}, times: [], first: null, last: null };
  for (i = 0; i < n; i++) {
    r = D.rule[i]; tm = D.time[i];
    bad = ruleBits[r];
    if (F.host >= 0 && D.host[i] !== F.host) bad |= HOST;
    if (F.user >= 0 && D.user[i] !== F.user) bad |= USER;
    if (F.input >= 0 && D.input[i] !== F.input) bad |= INPUT;
    if (F.from !== null && (tm === null || tm < F.from || tm >= F.to)) bad |= TIME;
    if (q && hayOf(i).indexOf(q) < 0 && !(deep && deep.q === q && deep.hit[i])) bad |= TEXT;
    if (!bad) matches.push(i);
    if (!(bad & ~LEVEL)) facet.levels[rules[r].level]++;
    if (!(bad & ~TIME) && tm !== null) facet.times.push(i);
    if (!(bad & ~RULE)) tally(facet.rules, r, i);
    if (!(bad & ~HOST)) tally(facet.hosts, D.host[i], i);
    if (!(bad & ~USER)) tally(facet.users, D.user[i], i);
    if (!(bad & ~TECH)) facet.techs[r] = (facet.techs[r] || 0) + 1;
  }
  sort();
}
function tally(to, key, i) {
  var x = to[key], l = rules[D.rule[i]].level, tm = D.time[i], last = D.last[i] === null ? tm : D.last[i];
  if (!x) x = to[key] = { n: 0, level: 0, first: null, last: null, rules: {}, hosts: {} };
  x.n++;
  if (l > x.level) x.level = l;
  if (tm !== null && (x.first === null || tm < x.first)) x.first = tm;
  if (last !== null && (x.last === null || last > x.last)) x.last = last;
  x.rules[D.rule[i]] = 1;
  x.hosts[D.host[i]] = 1;
}
function sort() {
  var title = {}, key;
  if (sortBy === 'rule') rules.map(function (r, k) { return k; }).sort(function (a, b) { return rules[a].title[vi].localeCompare(rules[b].title[vi]); }).forEach(function (k, at) { title[k] = at; });
  key = { time: function (i) { return D.time[i] === null ? Infinity : D.time[i]; }, level: function (i) { return -rules[D.rule[i]].level; },
    rule: function (i) { return title[D.rule[i]]; }, host: function (i) { return hosts[D.host[i]].toLowerCase(); }, what: function (i) { return D.value[i].toLowerCase(); } }[sortBy];
  var keys = new Array(n), down = sortDown ? -1 : 1;
  matches.forEach(function (i) { keys[i] = key(i); });
  matches.sort(function (a, b) {
    var x = keys[a], y = keys[b];
    if (x !== y) return (x < y ? -1 : 1) * down;
    x = D.time[a]; y = D.time[b];
    return x !== y && x !== null && y !== null ? x - y : a - b;
  });
}
/* Looks into the events themselves, a block at a time, and shows what it found once, at the end. */
function searchEvents() {
  var q = F.q.toLowerCase(), run = ++deepRun, id = 0, hit = new Uint8Array(n), any = false, from = 0;
  var word = (q.match(/[a-z0-9]+/g) || ['']).sort(function (a, b) { return b.length - a.length; })[0];
  if (q.length < 2) { $('deep').textContent = ''; return; }
  function step() {
    var until = Date.now() + 40, text, events, k;
    if (run !== deepRun) return;
    while (id < blocks.length && Date.now() < until) {
      try { text = blockText(id); } catch (e) { broken = true; text = ''; }
      events = !word || text.toLowerCase().indexOf(word) >= 0 ? JSON.parse(text || '[]') : [];
      for (k = 0; k < events.length; k++)
        if (events[k].some(function (f) { return String(f[1]).toLowerCase().indexOf(q) >= 0; })) { hit[from + k] = 1; any = true; }
      while (from < n && D.block[from] === id) from++;
      id++;
    }
    if (id < blocks.length) {
      $('deep').textContent = t('searching') + ' ' + Math.floor(id * 100 / blocks.length) + ' %';
      setTimeout(step, 0);
      return;
    }
    $('deep').textContent = '';
    deep = { q: q, hit: hit };
    if (any) { apply(); draw(); }
  }
  setTimeout(step, 150);
}
function change() { save(); apply(); if (selected >= 0 && matches.indexOf(selected) < 0) selected = -1; draw(); }
function toggle(key, value, off) { F[key] = F[key] === value ? off : value; change(); }

/* ---- the address keeps what is shown ---- */
function save() {
  var p = new URLSearchParams();
  p.set('view', view);
  if (vi !== summary.vi) p.set('lang', vi ? 'vi' : 'en');
  if (F.levels) p.set('levels', F.levels);
  if (F.rule >= 0) p.set('rule', F.rule);
  if (F.host >= 0) p.set('host', F.host);
  if (F.user >= 0) p.set('user', F.user);
  if (F.tech) p.set('tech', F.tech);
  if (F.from !== null) { p.set('from', F.from); p.set('to', F.to); }
  if (F.q) p.set('q', F.q);
  if (sortBy !== 'time' || sortDown) p.set('sort', (sortDown ? '-' : '') + sortBy);
  if (selected >= 0) p.set('open', selected);
  try { history.replaceState(null, '', '#' + p); } catch (e) { /* some browsers refuse it for files */ }
}
function restore() {
  var p = new URLSearchParams(location.hash.slice(1));
  function int(key, limit) { var v = parseInt(p.get(key), 10); return v >= 0 && v < limit ? v : -1; }
  if (VIEWS.indexOf(p.get('view')) >= 0) view = p.get('view');
  if (p.get('lang')) vi = p.get('lang') === 'vi' ? 1 : 0;
  F.levels = Math.max(0, int('levels', 64));
  F.rule = int('rule', rules.length); F.host = int('host', hosts.length); F.user = int('user', users.length);
  F.tech = p.get('tech') || '';
  if (p.get('from') && p.get('to') && isFinite(p.get('from')) && isFinite(p.get('to'))) { F.from = +p.get('from'); F.to = +p.get('to'); }
  F.q = p.get('q') || '';
  $('q').value = F.q;
  var s = p.get('sort') || '';
  sortDown = s.charAt(0) === '-';
  if (['time', 'level', 'rule', 'host', 'what'].indexOf(s.replace('-', '')) >= 0) sortBy = s.replace('-', '');
  selected = int('open', n);
}

/* ---- parts of the page ---- */
var VIEWS = ['overview', 'findings', 'attack', 'hosts', 'inputs'];
function go(v) { view = v; save(); draw(); $('main').scrollTop = 0; }
function drawNav() {
  var nav = empty($('nav')), counts = { findings: matches.length, inputs: places.length };
  nav.setAttribute('aria-label', t('views'));
  VIEWS.forEach(function (v) {
    var b = button('', '', function () { go(v); });
    add(b, el('span', '', t(v)), counts[v] ? el('span', v === 'inputs' ? 'bad' : 'm', (v === 'inputs' ? '! ' : '') + number(counts[v])) : null);
    if (v === view) b.setAttribute('aria-current', 'page');
    nav.appendChild(b);
  });
}
function drawHead() {
  var h = empty($('headline')), f = facet, hostsSeen = Object.keys(f.hosts).filter(function (k) { return k !== '0'; }).length, i;
  document.documentElement.lang = vi ? 'vi' : 'en';
  Array.prototype.forEach.call(document.querySelectorAll('[data-t]'), function (e) { e.textContent = t(e.getAttribute('data-t')); });
  $('q').placeholder = t('searchIn');
  document.title = 'Coloa hunt' + (summary.started ? ' ' + when(summary.started, 0).slice(0, 10) : '');
  $('ran').textContent = summary.started ? when(summary.started, -1) + ' UTC' : '';
  empty($('lang')).appendChild(vi ? el('b', '', 'VI') : el('span', '', 'VI'));
  add($('lang'), el('span', '', ' · '), vi ? el('span', '', 'EN') : el('b', '', 'EN'));
  $('theme').textContent = t('theme') + ': ' + WORDS.themes[theme][vi];
  $('title').textContent = t(view);
  add(h, el('b', '', findings(matches.length)), el('span', '', hostsSeen ? (vi ? ' trên ' : ' on ') + count(hostsSeen, 'host', 'hosts', 'máy') + ' · ' : ' · '),
    el('span', '', (vi ? 'đã xem ' : '') + count(summary.records || 0, 'record', 'records', 'bản ghi') + (vi ? ' bằng ' : ' looked at with ') + count(summary.rules || 0, 'rule', 'rules', 'quy tắc') + ' · '));
  i = summary.unreadable || places.length;
  h.appendChild(i ? el('span', 'bad', '! ' + count(i, 'place could not be read', 'places could not be read', 'chỗ không đọc được')) : el('span', 'okc', '✓ ' + t('allRead')));
  if (broken) h.appendChild(el('span', 'bad', ' · ! ' + t('broken')));
  if (summary.interrupted) h.appendChild(el('span', 'bad', ' · ! ' + t('interrupted')));
}
function drawBar() {
  var bar = empty($('bar')), l;
  function chip(text, off) {
    var c = button('chip on', '', function () { off(); change(); });
    add(c, el('span', 'cut', text), el('span', '', '✕'));
    bar.appendChild(c);
  }
  [5, 4, 3, 2, 1, 0].forEach(function (x) {
    if (!rules.some(function (r) { return r.level === x; })) return;
    l = button('chip s' + x, '', function () { F.levels ^= 1 << x; change(); });
    l.setAttribute('aria-pressed', F.levels & 1 << x ? 'true' : 'false');
    add(l, bars(x), el('span', '', level(x)), el('span', '', number(facet.levels[x])));
    bar.appendChild(l);
  });
  if (filtered()) bar.appendChild(el('span', 'sep'));
  if (F.rule >= 0) chip(rules[F.rule].title[vi], function () { F.rule = -1; });
  if (F.host >= 0) chip(t('host') + ': ' + (hosts[F.host] || t('noHost')), function () { F.host = -1; });
  if (F.user >= 0) chip(t('account') + ': ' + users[F.user], function () { F.user = -1; });
  if (F.tech) chip(F.tech, function () { F.tech = ''; });
  if (F.input >= 0) chip(t('file') + ': ' + inputName(F.input), function () { F.input = -1; });
  if (F.from !== null) chip(when(F.from, 0) + ' – ' + when(F.to, 0), function () { F.from = F.to = null; });
  if (F.q) chip('“' + F.q + '”', function () { F.q = ''; $('q').value = ''; deepRun++; $('deep').textContent = ''; });
  if (filtered()) bar.appendChild(button('plain', t('clear'), function () { clearFilter(); change(); }));
}

/* ---- timeline ---- */
var STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 15552000, 31536000, 63072000, 157680000];
var cursor = -1, anchor = -1;
/* Where the axis has words: at years or months when far apart, else at round steps. */
function ticksOf(start, end) {
  var span = end - start, out = [], tick, at, d, months;
  if (span > 60 * 86400e6) {
    d = new Date(start / 1000);
    months = span > 6 * 365 * 86400e6 ? 24 : span > 2 * 365 * 86400e6 ? 12 : span > 250 * 86400e6 ? 3 : 1;
    for (at = Math.floor(d.getUTCMonth() / months) * months; out.length < 40; at += months) {
      tick = Date.UTC(d.getUTCFullYear(), at, 1) * 1000;
      if (tick >= end) break;
      if (tick >= start) out.push({ at: tick, text: when(tick, 0).slice(0, months < 12 ? 7 : 4) });
    }
    return out;
  }
  tick = (STEPS.filter(function (v) { return span / 1e6 / v < 8; })[0] || STEPS[STEPS.length - 1]) * 1e6;
  for (at = Math.ceil(start / tick) * tick; at < end; at += tick)
    out.push({ at: at, text: span > 2 * 86400e6 ? when(at, 0).slice(5, 16) : when(at, 0).slice(11, tick < 60e6 ? 19 : 16) });
  return out;
}
function drawTime() {
  var box = empty($('chart')), W = Math.max(300, box.clientWidth - 24), H = view === 'findings' ? 72 : 104, P = 20, first = Infinity, last = -Infinity, i, k, x, l, tm, s;
  var times = facet.times;
  for (k = 0; k < times.length; k++) { tm = D.time[times[k]]; if (tm < first) first = tm; if (tm > last) last = tm; }
  $('time').hidden = !times.length || view === 'inputs';
  if ($('time').hidden) return;
  var step = STEPS.filter(function (v) { return (last - first) / 1e6 / v < W / 7; })[0] || STEPS[STEPS.length - 1];
  step *= 1e6;
  var start = Math.floor(first / step) * step, N = Math.floor((last - start) / step) + 1, pad = N < 24 ? Math.floor((24 - N) / 2) : 0;
  start -= pad * step; N += 2 * pad;
  var bins = [], most = 4, w = W / N;
  for (k = 0; k < N; k++) bins.push([0, 0, 0, 0, 0, 0, 0]);
  for (k = 0; k < times.length; k++) { i = times[k]; x = bins[Math.floor((D.time[i] - start) / step)]; x[rules[D.rule[i]].level]++; if (++x[6] > most) most = x[6]; }
  s = svg('svg', { viewBox: '0 0 ' + W + ' ' + H, height: H, tabindex: 0, role: 'img', 'aria-label': t('timeline') + ': ' + when(first, 0) + ' – ' + when(last, 0) + ', ' + findings(times.length) });
  s.appendChild(svg('line', { x1: 0, x2: W, y1: H - P + .5, y2: H - P + .5, 'class': 'axis' }));
  for (k = 0; k < N; k++) {
    if (!bins[k][6]) continue;
    var y = H - P;
    for (l = 5; l >= 0; l--) {
      if (!bins[k][l]) continue;
      x = Math.max(2, bins[k][l] / most * (H - P - 10));
      y -= x;
      s.appendChild(svg('rect', { x: (k * w + .5).toFixed(1), y: Math.max(0, y).toFixed(1), width: Math.max(1.5, w - 1).toFixed(1), height: x.toFixed(1), 'class': 'b' + l }));
    }
  }
  ticksOf(start, start + step * N).forEach(function (k) {
    x = (k.at - start) / step * w;
    s.appendChild(svg('line', { x1: x + .5, x2: x + .5, y1: H - P, y2: H - P + 5, 'class': 'axis' }));
    i = svg('text', { x: x + 4, y: H - 4 });
    i.textContent = k.text;
    if (x < W - 70) s.appendChild(i);
  });
  function brush(a, b) { s.appendChild(svg('rect', { x: a * w, y: 0, width: Math.max(2, (b - a) * w), height: H - P, 'class': 'brush' })); return s.lastChild; }
  if (F.from !== null) brush(Math.max(0, (F.from - start) / step), Math.min(N, (F.to - start) / step));
  if (cursor >= 0 && document.activeElement === s) brush(cursor, cursor + 1);
  function select(a, b) { F.from = start + Math.min(a, b) * step; F.to = start + (Math.max(a, b) + 1) * step; change(); }
  function at(e) { var r = s.getBoundingClientRect(); return Math.max(0, Math.min(N - 1, Math.floor((e.clientX - r.left) / r.width * N))); }
  var from = -1, shade;
  s.addEventListener('pointerdown', function (e) { from = at(e); s.setPointerCapture(e.pointerId); shade = brush(from, from + 1); });
  s.addEventListener('pointermove', function (e) {
    var k = at(e);
    if (from < 0) { $('span').textContent = when(start + k * step, 0) + ' · ' + findings(bins[k][6]); return; }
    shade.setAttribute('x', Math.min(from, k) * w);
    shade.setAttribute('width', (Math.abs(k - from) + 1) * w);
  });
  s.addEventListener('pointerup', function (e) { if (from >= 0) { var k = from; from = -1; select(k, at(e)); } });
  s.addEventListener('pointerleave', function () { if (from < 0) spanText(); });
  s.addEventListener('keydown', function (e) {
    if (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight') return;
    e.preventDefault();
    if (cursor < 0 || cursor >= N) cursor = e.key === 'ArrowRight' ? -1 : N;
    if (e.shiftKey && anchor < 0) anchor = Math.max(0, Math.min(N - 1, cursor));
    cursor = Math.max(0, Math.min(N - 1, cursor + (e.key === 'ArrowRight' ? 1 : -1)));
    if (e.shiftKey) select(anchor, cursor); else { anchor = -1; drawTime(); }
    var again = $('chart').firstChild;
    if (again) again.focus();
    $('span').textContent = when(start + cursor * step, 0) + ' · ' + findings(bins[cursor] ? bins[cursor][6] : 0);
  });
  function spanText() { $('span').textContent = when(first, 0) + ' – ' + when(last, 0) + ' UTC'; }
  spanText();
  box.appendChild(s);
}

/* ---- tables ---- */
function panel(title, note) {
  var p = el('section', 'panel');
  return add(p, add(el('header'), el('h2', '', title), note ? el('span', 'm', note) : null));
}
function table(heads, rows) {
  var tb = el('table'), tr = el('tr'), body = el('tbody');
  heads.forEach(function (h) { var th = el('th', h[1] || '', h[0]); th.scope = 'col'; if (h[2]) th.width = h[2]; tr.appendChild(th); });
  rows.forEach(function (r) { body.appendChild(r); });
  return add(tb, add(el('thead'), tr), body);
}
function row(cells, action, on) {
  var tr = el('tr', action ? 'go' : '');
  cells.forEach(function (c) { tr.appendChild(c.nodeType ? add(el('td', c.cls || ''), c) : el('td', c[1] || 'cut', c[0])); });
  if (action) {
    tr.tabIndex = 0;
    tr.setAttribute('aria-selected', on ? 'true' : 'false');
    tr.addEventListener('click', action);
    tr.addEventListener('keydown', function (e) { if (e.key === 'Enter') { e.stopPropagation(); action(); } });
  }
  return tr;
}
function listed(map, order) {
  return Object.keys(map).map(function (k) { return { k: +k, x: map[k] }; }).sort(order);
}
function severest(a, b) { return b.x.level - a.x.level || b.x.n - a.x.n || a.k - b.k; }
var LIMIT = 200;
function more(p, all) {
  if (all > LIMIT) p.appendChild(button('li', '+ ' + number(all - LIMIT) + ' ' + t('more'), function () { LIMIT = 1e5; draw(); }));
  return p;
}
function viewOverview(v) {
  var left = el('div', 'wide'), side = el('div', 'side'), list = listed(facet.rules, severest), p = panel(t('rulesHit'), number(list.length));
  if (!n) { v.appendChild(add(panel(t('findings')), el('p', 'none', t('nothing')))).classList.add('wide'); return; }
  if (list.length)
    p.appendChild(table([[t('severity'), '', 128], [t('rule')], [t('hostsH'), 'r', 70], [t('count'), 'r', 90], [t('first'), '', 150]], list.slice(0, LIMIT).map(function (o) {
      return row([severity(rules[o.k].level), [rules[o.k].title[vi]], [number(Object.keys(o.x.hosts).length), 'r'], [number(o.x.n), 'r'], [when(o.x.first, 0), 'm']],
        function () { F.rule = o.k; view = 'findings'; change(); }, F.rule === o.k);
    })));
  else p.appendChild(el('p', 'none', t('none')));
  left.appendChild(more(p, list.length));
  list = listed(facet.hosts, severest);
  p = panel(t('hostsH'), number(list.length));
  list.slice(0, 12).forEach(function (o) {
    var b = button('li', '', function () { toggle('host', o.k, -1); });
    p.appendChild(add(b, el('span', 'cut', hosts[o.k] || t('noHost')), add(el('span', 'sev s' + o.x.level), bars(o.x.level), el('span', '', number(o.x.n)))));
  });
  if (list.length > 12) p.appendChild(button('li', '+ ' + number(list.length - 12) + ' ' + t('more'), function () { go('hosts'); }));
  side.appendChild(p);
  list = tacticTotals();
  p = panel('ATT&CK');
  list.forEach(function (o) {
    p.appendChild(add(button('li', '', function () { go('attack'); }), el('span', 'cut', TACTICS[o.k][vi]), add(el('span', 'sev s' + o.level), bars(o.level), el('span', '', number(o.n)))));
  });
  if (list.length) side.appendChild(p);
  add(v, left, side);
}
function tacticTotals() {
  var out = [];
  TACTICS.forEach(function (name, k) {
    var total = 0, l = 0;
    Object.keys(facet.techs).forEach(function (r) { if (rules[r].tactics & 1 << k) { total += facet.techs[r]; l = Math.max(l, rules[r].level); } });
    if (total) out.push({ k: k, n: total, level: l });
  });
  return out;
}
function viewAttack(v) {
  var p = panel('MITRE ATT&CK', vi ? 'chỉ gồm kỹ thuật có trong phát hiện' : 'techniques that findings speak of'), m = el('div', 'matrix'), any = false;
  p.classList.add('wide');
  TACTICS.forEach(function (name, k) {
    var cells = {}, col = el('div', 'col');
    Object.keys(facet.techs).forEach(function (r) {
      rules[r].tech.forEach(function (x) {
        if (!(x[2] & 1 << k)) return;
        var c = cells[x[0]] = cells[x[0]] || { name: x[1], n: 0, level: 0 };
        c.n += facet.techs[r];
        c.level = Math.max(c.level, rules[r].level);
      });
    });
    var ids = Object.keys(cells).sort();
    if (!ids.length) return;
    any = true;
    col.appendChild(el('h3', '', name[vi]));
    ids.forEach(function (id) {
      var c = cells[id], b = button('cell s' + c.level, '', function () { F.tech = F.tech === id ? '' : id; change(); });
      b.setAttribute('aria-pressed', F.tech === id ? 'true' : 'false');
      col.appendChild(add(b, add(el('span', 'id'), el('span', '', id), el('b', '', number(c.n))), el('span', 'name', c.name.slice(c.name.lastIndexOf(': ') + 1).trim()), el('span', 'sr', level(c.level))));
    });
    m.appendChild(col);
  });
  v.appendChild(add(p, any ? m : el('p', 'none', t('noTech'))));
}
function viewHosts(v) {
  var list = listed(facet.hosts, severest).filter(function (o) { return o.k; }), p = panel(t('hostsH'), number(list.length));
  p.classList.add('wider');
  p.appendChild(list.length ? table([[t('severity'), '', 128], [t('host')], [t('rules'), 'r', 64], [t('count'), 'r', 84], [t('last'), '', 150]], list.slice(0, LIMIT).map(function (o) {
    return row([severity(o.x.level), [hosts[o.k]], [number(Object.keys(o.x.rules).length), 'r'], [number(o.x.n), 'r'], [when(o.x.last, 0), 'm']], function () { toggle('host', o.k, -1); }, F.host === o.k);
  })) : el('p', 'none', t('noHosts')));
  v.appendChild(more(p, list.length));
  /* People are not ranked: accounts stand in the order of their names. */
  list = listed(facet.users, function (a, b) { return users[a.k].localeCompare(users[b.k]); }).filter(function (o) { return o.k; });
  p = panel(t('accounts'), number(list.length));
  p.classList.add('wide');
  p.appendChild(list.length ? table([[t('account')], [t('count'), 'r', 90], [t('last'), '', 150]], list.slice(0, LIMIT).map(function (o) {
    return row([[users[o.k]], [number(o.x.n), 'r'], [when(o.x.last, 0), 'm']], function () { toggle('user', o.k, -1); }, F.user === o.k);
  })) : el('p', 'none', t('noAccounts')));
  v.appendChild(more(p, list.length));
}
/* The folder all inputs are in, said once. */
var folder = '';
function findFolder() {
  var paths = Object.keys(inputs).map(function (k) { return inputs[k]; }), i;
  folder = paths.length ? paths[0].slice(0, paths[0].lastIndexOf('/') + 1) : '';
  for (i = 1; i < paths.length && folder; i++)
    while (folder && paths[i].indexOf(folder) !== 0) folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
}
function inputName(i) { return inputs[i] === undefined ? '?' : inputs[i].slice(folder.length); }
/* Places of one file with one reason are one row, which opens to all of them. */
var openPlaces = {};
function placeRows() {
  var groups = {}, keys = [], out = [];
  places.forEach(function (x) {
    var k = x[0] + '|' + x[3] + '|' + x[5], g = groups[k];
    if (!g) { g = groups[k] = { key: k, list: [], length: 0, saved: 0 }; keys.push(k); }
    g.list.push(x); g.length += x[2]; g.saved += x[4];
  });
  keys.sort(function (a, b) { return groups[b].list[0][5] - groups[a].list[0][5]; }); /* crashes first */
  keys.slice(0, LIMIT).forEach(function (k) {
    var g = groups[k], x = g.list[0], many = g.list.length > 1;
    g.list.sort(function (a, b) { return a[1] - b[1]; });
    out.push(row([[inputName(x[0]), 'wrap'], [number(g.list.length), 'r'], [number(g.list[0][1]), 'r'], [bytes(g.length), 'r'], [x[3] + (x[5] ? ' ' + t('crashed') : ''), 'wrap'], [number(g.saved), 'r']],
      many ? function () { openPlaces[k] = !openPlaces[k]; draw(); } : null, openPlaces[k]));
    if (many && openPlaces[k]) g.list.slice(0, 500).forEach(function (y) { out.push(row([[''], [''], [number(y[1]), 'r'], [bytes(y[2]), 'r'], [''], [number(y[4]), 'r']])); });
  });
  return { rows: out, n: keys.length };
}
function viewInputs(v) {
  var left = el('div', 'wide'), p = panel(t('notRead'), places.length ? number(summary.unreadable || places.length) : ''), s = summary, facts, list = placeRows();
  if (places.length)
    p.appendChild(table([[t('file'), '', '36%'], [t('places'), 'r', 64], [t('offset'), 'r', 120], [t('length'), 'r', 84], [t('why')], [t('saved'), 'r', 92]], list.rows));
  else p.appendChild(el('p', 'none okc', '✓ ' + t('allRead')));
  left.appendChild(more(p, list.n));
  p = panel(t('lookedAt'));
  facts = el('dl', 'facts pad');
  [[t('folder'), folder], [t('files'), number(s.files || 0)], [t('records'), number(s.records || 0)], [t('size'), bytes(s.bytes || 0)], [t('took'), seconds(s.duration || 0)],
    [t('rules'), number(s.rules || 0) + (s.ruleset ? ' (' + s.ruleset + ')' : '')], [t('least'), s.level > 1 && level(s.level)], [t('refused'), s.refused && number(s.refused)], [t('unmapped'), s.unmapped && number(s.unmapped)],
    [t('evicted'), s.evicted && number(s.evicted)], [t('untimed'), s.untimed && number(s.untimed)], ['Coloa', s.version]].forEach(function (f) {
    if (f[1]) add(facts, el('dt', '', f[0]), el('dd', '', f[1]));
  });
  add(v, left, add(el('div', 'side'), add(p, facts)));
}

/* ---- findings: a list that only draws what is seen ---- */
var ROW = 34, MAX_PX = 12e6, rowsBox, bodyBox;
function viewFindings(v) {
  var list = el('section', 'panel list wide'), heads = el('div', 'grid heads'), h, cols = [['level', 'severity'], ['time', 'time'], ['rule', 'rule'], ['host', 'host'], ['what', 'what']];
  v.className = 'fill' + (selected >= 0 ? ' open' : '');
  heads.setAttribute('role', 'row');
  cols.forEach(function (c) {
    var b = button('', t(c[1]) + (sortBy === c[0] ? sortDown ? ' ↓' : ' ↑' : ''), function () { sortDown = sortBy === c[0] ? !sortDown : false; sortBy = c[0]; save(); sort(); draw(); });
    h = add(el('span', 'cut'), b);
    h.setAttribute('role', 'columnheader');
    if (sortBy === c[0]) h.setAttribute('aria-sort', sortDown ? 'descending' : 'ascending');
    heads.appendChild(h);
  });
  rowsBox = el('div', 'rows');
  rowsBox.tabIndex = 0;
  bodyBox = el('div', 'body');
  if (matches.length) {
    rowsBox.setAttribute('role', 'table');
    rowsBox.setAttribute('aria-label', t('findings'));
    rowsBox.setAttribute('aria-rowcount', matches.length);
    bodyBox.setAttribute('role', 'rowgroup');
  }
  bodyBox.style.height = Math.min(MAX_PX, matches.length * ROW) + 'px';
  add(list, add(rowsBox, heads, bodyBox));
  if (!matches.length) add(empty(bodyBox), el('p', 'none', n ? t('none') : t('nothing')));
  v.appendChild(list);
  rowsBox.addEventListener('scroll', drawRows);
  if (selected >= 0) { v.appendChild(detail(selected)); reveal(matches.indexOf(selected), true); }
  drawRows();
}
/* Beyond what browsers can scroll (12 million pixels) position and index are proportional. */
function seen() { return rowsBox.clientHeight - 31; } /* without the heads, which stay */
function topIndex() {
  var all = matches.length * ROW, vh = seen();
  if (all <= MAX_PX) return rowsBox.scrollTop / ROW;
  return rowsBox.scrollTop / (MAX_PX - vh) * (all - vh) / ROW;
}
function drawRows() {
  if (!matches.length || !rowsBox) return;
  var top = topIndex(), first = Math.max(0, Math.floor(top) - 4), last = Math.min(matches.length, Math.ceil(top + seen() / ROW) + 4), frag = document.createDocumentFragment(), k, i, r, what;
  for (k = first; k < last; k++) {
    i = matches[k];
    r = el('div', 'grid');
    r.setAttribute('role', 'row');
    r.setAttribute('aria-rowindex', k + 1);
    r.setAttribute('aria-selected', i === selected ? 'true' : 'false');
    r.style.top = Math.round(rowsBox.scrollTop + (k - top) * ROW) + 'px';
    r.dataset.i = i;
    what = el('span', 'cut code');
    if (D.name[i]) add(what, el('span', 'q', D.name[i].slice(D.name[i].lastIndexOf('.') + 1) + ' '), el('bdi', '', D.value[i]));
    add(r, severity(rules[D.rule[i]].level), el('span', 'm cut', when(D.time[i], 0)), el('span', 'cut', rules[D.rule[i]].title[vi]), el('span', 'm cut', hosts[D.host[i]]), what);
    Array.prototype.forEach.call(r.children, function (c) { c.setAttribute('role', 'cell'); });
    frag.appendChild(r);
  }
  empty(bodyBox).appendChild(frag);
}
function reveal(k, quiet) {
  var vh = seen(), all = matches.length * ROW, y = k * ROW;
  if (k < 0) return;
  if (all > MAX_PX) { var top = topIndex(); if (k < top || k + 1 > top + vh / ROW) rowsBox.scrollTop = y / (all - vh) * (MAX_PX - vh); }
  else if (y < rowsBox.scrollTop) rowsBox.scrollTop = y;
  else if (y + ROW > rowsBox.scrollTop + vh) rowsBox.scrollTop = y + ROW - vh;
  if (!quiet) drawRows();
}
function open(i) {
  var v = $('view'), old = v.querySelector('.detail');
  selected = i;
  save();
  if (view !== 'findings' || !rowsBox) { view = 'findings'; draw(); return; }
  if (old) v.removeChild(old);
  v.classList.toggle('open', i >= 0);
  if (i >= 0) { v.appendChild(detail(i)); reveal(matches.indexOf(i), true); }
  drawRows();
}
function move(by) {
  if (!matches.length) return;
  var k = selected < 0 ? (by > 0 ? 0 : matches.length - 1) : matches.indexOf(selected) + by;
  open(matches[Math.max(0, Math.min(matches.length - 1, k))]);
}
function fact(dl, name, value) { if (value && value.nodeType) add(dl, el('dt', '', name), add(el('dd'), value)); else if (value) add(dl, el('dt', '', name), el('dd', '', value)); }
function detail(i) {
  var p = el('aside', 'panel detail'), r = rules[D.rule[i]], head = el('header'), dl = el('dl', 'facts pad'), ev = el('div', 'event pad'), list = el('dl'), events, where;
  p.setAttribute('aria-label', t('event'));
  add(p, add(head, el('h2', '', r.title[vi]), button('plain', t('close') + ' ', function () { open(-1); rowsBox.focus(); })));
  add(head.lastChild, el('kbd', '', 'Esc'));
  fact(dl, t('severity'), severity(r.level));
  fact(dl, t('time'), when(D.time[i], 3) + (D.last[i] !== null && D.last[i] !== D.time[i] ? ' – ' + when(D.last[i], 3) : ''));
  if (r.alert) fact(dl, t('correlation'), number(D.count[i]) + ' ' + t('events'));
  if (D.host[i]) fact(dl, t('host'), button('link', hosts[D.host[i]], function () { F.host = D.host[i]; change(); }));
  if (D.user[i]) fact(dl, t('account'), button('link', users[D.user[i]], function () { F.user = D.user[i]; change(); }));
  if (!r.alert) {
    where = t('byte') + ' ' + number(D.offset[i]) + (D.line[i] ? ' · ' + t('line') + ' ' + number(D.line[i]) : '') + (D.record[i] ? ' · ' + t('record') + ' ' + D.record[i] : '');
    fact(dl, t('file'), button('link', inputs[D.input[i]], function () { F.input = D.input[i]; change(); }));
    fact(dl, t('place'), where);
  }
  r.tech.forEach(function (x) { fact(dl, t('technique'), button('link', x[0] + ' ' + x[1], function () { F.tech = x[0]; change(); })); });
  fact(dl, t('rule'), button('link', (vi ? 'mọi phát hiện của quy tắc này' : 'all findings of this rule'), function () { F.rule = D.rule[i]; change(); }));
  fact(dl, t('tags'), r.tags.join(', '));
  fact(dl, t('ruleId'), r.id);
  if (r.desc[vi]) p.appendChild(el('p', 'pad', r.desc[vi]));
  p.appendChild(dl);
  try { events = eventOf(i); } catch (e) { events = []; broken = true; ev.appendChild(el('p', 'bad', t('broken'))); }
  add(ev, add(el('p', 'm'), el('b', '', t('event')), el('span', '', ' · ' + t('matched'))), list);
  events.filter(function (f) { return f[2]; }).concat(events.filter(function (f) { return !f[2]; })).forEach(function (f) {
    var dd = el('dd'), text = f[1] === null ? 'null' : f[1];
    dd.appendChild(f[2] ? el('mark', '', text) : el('bdi', f[1] === null ? 'q' : '', text));
    add(list, el('dt', '', f[0]), dd);
  });
  if (D.flags[i] & 2) ev.appendChild(el('p', 'm', t('cutFields')));
  p.appendChild(ev);
  return p;
}

/* ---- everything ---- */
function draw() {
  var v = empty($('view'));
  v.className = '';
  rowsBox = null;
  drawNav(); drawHead(); drawBar(); drawTime();
  ({ overview: viewOverview, findings: viewFindings, attack: viewAttack, hosts: viewHosts, inputs: viewInputs })[view](v);
}
var theme = 0;
function keysDialog() {
  var d = empty($('keys')), dl = el('dl');
  WORDS.keyList.forEach(function (k) { add(dl, add(el('dt'), el('kbd', '', k[0])), el('dd', '', k[1 + vi])); });
  add(d, el('h2', '', t('keys')), dl, button('plain', t('close'), function () { d.close(); }));
  if (d.showModal) d.showModal(); else d.setAttribute('open', '');
}
function wire() {
  var typing;
  $('q').addEventListener('input', function () {
    clearTimeout(typing);
    typing = setTimeout(function () { F.q = $('q').value.trim(); deep = null; change(); searchEvents(); }, 120);
  });
  $('lang').addEventListener('click', function () { vi = 1 - vi; save(); draw(); });
  $('theme').addEventListener('click', function () { theme = (theme + 1) % 3; document.documentElement.className = ['', 'theme-light', 'theme-dark'][theme]; drawHead(); });
  $('help').addEventListener('click', keysDialog);
  $('view').addEventListener('click', function (e) { var r = e.target.closest ? e.target.closest('.body .grid') : null; if (r) open(+r.dataset.i); });
  var resized;
  window.addEventListener('resize', function () { clearTimeout(resized); resized = setTimeout(draw, 100); });
  document.addEventListener('keydown', function (e) {
    var inField = e.target.tagName === 'INPUT', c = e.code;
    if (e.ctrlKey || e.altKey || e.metaKey || $('keys').open) return;
    if (e.key === 'Escape') {
      if (inField) { $('q').blur(); if (rowsBox) rowsBox.focus(); } else if (selected >= 0 && view === 'findings') open(-1);
      else if (filtered()) { clearFilter(); change(); }
    } else if (inField) {
      if (e.key === 'Enter') { $('q').blur(); if (view !== 'findings') go('findings'); }
      return;
    } else if (c === 'Slash' && e.shiftKey || e.key === '?') keysDialog();
    else if (c === 'Slash' || e.key === '/') $('q').focus();
    else if (c === 'KeyJ') move(1);
    else if (c === 'KeyK') move(-1);
    else if (e.target === rowsBox && c === 'ArrowDown') move(1);
    else if (e.target === rowsBox && c === 'ArrowUp') move(-1);
    else if (e.key === 'Enter' && (e.target === rowsBox || e.target === document.body)) { if (view !== 'findings') go('findings'); else if (selected < 0) move(1); }
    else if (/^Digit[1-5]$/.test(c) && !e.shiftKey) go(VIEWS[+c.charAt(5) - 1]);
    else return;
    e.preventDefault();
  });
  window.addEventListener('beforeprint', function () {
    var p = empty($('print')), list = matches.slice(0, 300);
    add(p, el('p', 'm', t('printed').replace('{n}', number(list.length)).replace('{all}', number(matches.length))),
      table([[t('severity'), '', 90], [t('time'), '', 130], [t('rule')], [t('host'), '', 130], [t('what'), '', '34%']], list.map(function (i) {
        return row([[level(rules[D.rule[i]].level), 'wrap'], [when(D.time[i], 0), 'wrap'], [rules[D.rule[i]].title[vi], 'wrap'], [hosts[D.host[i]], 'wrap'], [D.value[i], 'wrap']]);
      })));
  });
  window.addEventListener('afterprint', function () { empty($('print')); });
}
function start() {
  var rowsEls = document.querySelectorAll('script.rows'), eventsEls = document.querySelectorAll('script.events'), i, s = $('summary');
  for (i = 0; i < rowsEls.length; i++) {
    try { loadBlock(rowsEls[i], eventsEls[i]); } catch (e) { broken = true; }
  }
  if (s) summary = JSON.parse(s.textContent); else broken = true;
  summary.vi = vi = summary.lang === 'vi' ? 1 : 0;
  findFolder();
  restore();
  wire();
  apply();
  if (selected >= 0 && matches.indexOf(selected) < 0) selected = -1;
  draw();
  if (F.q) searchEvents();
  document.documentElement.dataset.ready = n;
}
start();
})();

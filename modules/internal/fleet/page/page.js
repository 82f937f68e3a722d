// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the report from the JSON in the page. What hosts said becomes text nodes, never markup.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const rank = {error: 3, warning: 2, info: 1, none: 0};
  const sign = {error: '✕', warning: '!', info: 'i', p: '·', u: '?', n: '–', '-': ''};
  const said = {p: 'passed', f: 'found', u: 'could not be judged', n: 'does not apply', '-': 'was not looked for'};
  const byId = id => document.getElementById(id);

  // make('li', {class: 'x', onclick: f}, 'text', node, ...) returns an element.
  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, '');
      else if (value !== false && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children.flat().filter(child => child !== '' && child !== null && child !== undefined));
    return element;
  }
  const count = (n, one, many) => `${n} ${n === 1 ? one : many || one + 's'}`;
  const badge = severity => make('span', {class: `badge ${severity === 'none' ? 'good' : severity}`}, severity === 'none' ? 'healthy' : severity);
  const when = text => text.replace('T', ' ').replace(/(:\d\d)\S*Z$/, '$1 UTC');

  const ofHost = data.hosts.map(() => []);
  for (const finding of data.findings) ofHost[finding.host].push(finding);
  const worstOf = data.hosts.map(host => host.status === 'examined' ? host.worst : host.status);
  const severityAt = (host, check) => {
    let worst = '';
    for (const finding of ofHost[host]) if (finding.id === data.checks[check].id && (rank[finding.severity] > (rank[worst] || 0))) worst = finding.severity;
    return worst;
  };

  function head() {
    const number = want => worstOf.filter(worst => worst === want).length;
    const lost = number('unreachable') + number('failed');
    const fresh = data.findings.filter(finding => finding.new).length;
    const tile = (value, text, kind) => make('li', {}, make('b', {class: value ? kind : undefined}, String(value)), text);
    byId('head').append(
      make('h1', {}, data.title),
      make('p', {class: 'soft'}, `Made ${when(data.made_at)} by hardened.docker ${data.collection}; ${count(data.hosts.length, 'host')}, ${count(data.checks.length, 'check')}.`),
      make('ul', {class: 'tiles'},
        tile(number('error'), 'hosts with errors', 'error'), tile(number('warning'), 'with warnings', 'warning'),
        tile(number('none') + number('info'), 'healthy', 'good'), lost ? tile(lost, 'not examined', 'error') : '',
        data.since ? tile(fresh, 'new findings', 'warning') : '', data.since ? tile(data.gone.length, 'gone', 'good') : ''),
      data.since ? make('p', {class: 'soft'}, `Compared with the report of ${when(data.since)}.`) : '');
  }

  function evidence(finding) {
    return make('ul', {class: 'evidence'}, finding.evidence.map(line => make('li', {}, line)));
  }
  // command shows the steps of a repair; what shells would take for more than a name is left to the reader.
  function command(id, hosts) {
    const names = [...new Set(hosts)].map(host => data.hosts[host].name);
    const limit = names.length <= 20 && names.every(name => /^[\w.-]+$/.test(name)) ? ` --limit ${names.join(',')}` : '';
    return make('code', {class: 'command'}, `ansible-playbook -i INVENTORY hardened.docker.repair${limit} -e '{"docker_repair_findings": ["${id}"]}' --check`);
  }
  function mending(finding, hosts) {
    const interrupts = {none: 'interrupts nothing', daemon: 'restarts dockerd', containers: 'stops containers'}[finding.repair.interrupts] || finding.repair.interrupts;
    return [
      make('p', {}, make('b', {}, 'Remedy: '), finding.remedy),
      make('p', {class: 'soft'}, finding.repair.available ? `docker_repair can do it (${interrupts}); without --check it does. ` : 'docker_repair cannot do it. ', `Source: ${finding.source}.`),
      finding.repair.available && /^\w+$/.test(finding.id) ? command(finding.id, hosts) : ''];
  }
  const tag = finding => finding.new ? make('span', {class: 'badge new'}, 'new') : '';

  function wrong() {
    const kinds = new Map();
    for (const finding of data.findings) {
      if (!kinds.has(finding.id)) kinds.set(finding.id, []);
      kinds.get(finding.id).push(finding);
    }
    const worst = list => Math.max(...list.map(finding => rank[finding.severity] || 0));
    const sorted = [...kinds.values()].sort((a, b) => worst(b) - worst(a) || b.length - a.length);
    const section = byId('wrong');
    section.append(make('h2', {id: 'wrong-title'}, 'What is wrong'));
    const lost = data.hosts.filter(host => host.status !== 'examined');
    if (lost.length) section.append(kind('error', 'Hosts that could not be examined', lost.length, '', () =>
      lost.map(host => make('div', {class: 'case'}, make('b', {}, host.name), ` ${host.status}`, make('ul', {class: 'evidence'}, make('li', {}, host.message))))));
    const ill = data.findings.some(finding => finding.severity !== 'info');
    if (!ill && !lost.length) section.append(make('p', {class: 'good'}, sorted.length ? 'Nothing is wrong on any host.' : 'Nothing was found on any host.'));
    let knowing = false;
    for (const list of sorted) {
      const first = list.find(finding => rank[finding.severity] === worst(list));
      const fresh = list.filter(finding => finding.new).length;
      if (first.severity === 'info' && !knowing) {
        knowing = true;
        section.append(make('h2', {}, 'Worth knowing'));
      }
      section.append(kind(first.severity, first.title, new Set(list.map(finding => finding.host)).size, fresh ? `${fresh} new` : '', () => {
        const same = list.every(finding => finding.remedy === first.remedy);
        return [same ? mending(first, list.map(finding => finding.host)) : '', list.map(finding => make('div', {class: 'case'},
          make('button', {class: 'link', onclick: () => detail(finding.host)}, data.hosts[finding.host].name), ' ',
          finding.severity !== first.severity ? badge(finding.severity) : '', finding.subject ? make('code', {}, finding.subject) : '', ' ', tag(finding),
          evidence(finding), same ? '' : mending(finding, [finding.host])))].flat();
      }));
    }
  }

  // kind is one line that opens; what is in it is made when it is first wanted.
  function kind(severity, title, hosts, fresh, content) {
    const body = make('div');
    const element = make('details', {class: 'kind'},
      make('summary', {}, badge(severity), make('b', {}, title), make('span', {class: 'soft'}, count(hosts, 'host')), fresh ? make('span', {class: 'badge new'}, fresh) : ''), body);
    element.fill = () => { if (!body.firstChild) body.append(...content().flat()); };
    element.addEventListener('toggle', element.fill);
    return element;
  }

  const limit = 500;
  // The cells of which there are most are copies, without a word of their own.
  const plain = Object.fromEntries(['p', 'n', '-'].map(letter => [letter, make('td', {class: `c ${letter}`}, sign[letter])]));
  const label = (i, check) => `${data.hosts[i].name}, ${data.checks[check].title}: ${said[data.hosts[i].outcomes[check] || '-']}`;
  const before = 3; // columns before those of the checks
  let wanted = [];
  const view = {all: false, ill: false, words: ''};
  function hosts() {
    const section = byId('hosts');
    const box = (key, text) => make('label', {}, make('input', {type: 'checkbox', onchange: event => { view[key] = event.target.checked; matrix(); }}), ' ', text);
    section.append(make('h2', {id: 'hosts-title'}, 'Hosts by checks'),
      make('div', {class: 'tools'},
        make('input', {type: 'search', placeholder: 'host, group, distribution, engine', 'aria-label': 'Show the hosts that have these words',
          oninput: event => { view.words = event.target.value.toLowerCase(); matrix(); }}),
        box('ill', 'only hosts with errors or warnings'), box('all', 'also checks that all hosts passed'),
        make('span', {class: 'soft', id: 'shown', 'aria-live': 'polite'})),
      make('div', {class: 'scroll', id: 'matrix'}),
      make('p', {class: 'soft'}, '✕ error, ! warning, i information, · passed, ? could not be judged, – does not apply. A click shows the evidence.'));
    byId('matrix').addEventListener('click', event => {
      const row = event.target.closest('[data-host]'), cell = event.target.closest('td, th');
      if (row) detail(Number(row.dataset.host), wanted[cell.cellIndex - before]);
    });
    byId('matrix').addEventListener('mouseover', event => {
      const row = event.target.closest('[data-host]'), cell = event.target.closest('td.c');
      if (row && cell) cell.title = label(Number(row.dataset.host), wanted[cell.cellIndex - before]);
    });
    matrix();
  }

  function matrix() {
    wanted = [...data.checks.keys()].filter(check => view.all || data.hosts.some(host => /[fu]/.test(host.outcomes[check] || '')));
    const match = (host, i) => {
      const text = [host.name, host.address, ...host.groups, host.status, worstOf[i], host.identity.distribution, host.identity.engine].join(' ').toLowerCase();
      return view.words.split(/\s+/).every(word => text.includes(word)) && (!view.ill || !['none', 'info'].includes(worstOf[i]));
    };
    const shown = [...data.hosts.keys()].filter(i => match(data.hosts[i], i));
    // A browser takes its time for more rows than anybody reads.
    const rows = shown.slice(0, limit).map(row);
    byId('matrix').replaceChildren(make('table', {},
      make('thead', {}, make('tr', {}, make('th', {scope: 'col'}, 'Host'), make('th', {scope: 'col'}, 'State'), make('th', {scope: 'col', class: 'wide'}, 'Engine'),
        wanted.map(check => make('th', {scope: 'col', class: 'check', title: `${data.checks[check].id} (${data.checks[check].group})`}, make('span', {}, data.checks[check].title))))),
      make('tbody', {}, rows)));
    byId('shown').textContent = rows.length === data.hosts.length ? '' :
      `${shown.length} of ${data.hosts.length} hosts${rows.length < shown.length ? `, the first ${rows.length} are shown` : ''}`;
  }

  function row(i) {
    const host = data.hosts[i];
    const state = host.status !== 'examined' ? make('span', {class: 'badge error'}, host.status) : badge(host.worst);
    const change = host.was && host.was !== host.worst && host.status === 'examined' ?
      make('span', {class: 'soft'}, rank[host.worst] > rank[host.was] ? ' ▲' : ' ▼', make('span', {class: 'wide'}, '')) : '';
    if (change) change.title = `was ${host.was === 'none' ? 'healthy' : host.was}`;
    const cells = wanted.map(check => {
      const letter = host.outcomes[check] || '-';
      if (!/[fu]/.test(letter)) return plain[letter].cloneNode(true);
      const severity = letter === 'f' ? severityAt(i, check) || 'info' : letter;
      return make('td', {class: `c ${severity}`}, make('button', {'aria-label': label(i, check)}, sign[severity]));
    });
    return make('tr', {'data-host': i}, make('th', {scope: 'row'}, make('button', {class: 'link'}, host.name)),
      make('td', {}, state, change), make('td', {class: 'wide'}, host.identity.engine), cells);
  }

  // detail shows a host, or what one check said of it.
  function detail(i, check) {
    const host = data.hosts[i], dialog = byId('detail'), identity = host.identity;
    const parts = [make('div', {class: 'top'}, make('h2', {id: 'detail-title'}, host.name), make('button', {class: 'link', autofocus: true, onclick: () => dialog.close()}, 'Close'))];
    if (check !== undefined) {
      const letter = host.outcomes[check];
      parts.push(make('h3', {}, data.checks[check].title), make('p', {class: 'soft'}, `${data.checks[check].id}: ${said[letter]}${host.notes[check] ? ': ' + host.notes[check] : ''}`));
    } else {
      const containers = identity.containers < 0 ? '' : `${identity.containers_running} of ${identity.containers} run`;
      const facts = {Address: host.address, Groups: host.groups.join(', '), Distribution: identity.distribution, Kernel: `${identity.kernel} ${identity.architecture}`.trim(), Engine: identity.engine,
        Daemon: host.daemon, Storage: `${identity.storage_driver} ${identity.data_root}`.trim(), Containers: containers, Machine: identity.machine_id,
        Examined: host.examined_at ? `${when(host.examined_at)}, in ${host.duration_ms} ms` : '', Before: host.was === 'none' ? 'healthy' : host.was};
      parts.push(make('dl', {}, Object.entries(host.status === 'examined' ? facts : {State: host.status, Message: host.message}).filter(([, value]) => value).map(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]).flat()));
    }
    const findings = ofHost[i].filter(finding => check === undefined || finding.id === data.checks[check].id);
    for (const finding of findings) parts.push(make('div', {class: 'case'}, badge(finding.severity), ' ', make('b', {}, finding.title), ' ',
      finding.subject ? make('code', {}, finding.subject) : '', ' ', tag(finding), evidence(finding), mending(finding, [i])));
    const unjudged = check === undefined ? Object.keys(host.notes).filter(place => host.outcomes[place] === 'u') : [];
    if (unjudged.length) parts.push(make('h3', {}, 'Could not be judged'), make('ul', {}, unjudged.map(place => make('li', {}, `${data.checks[place].title}: ${host.notes[place]}`))));
    if (!findings.length && check === undefined && host.status === 'examined') parts.push(make('p', {class: 'good'}, 'Nothing was found.'));
    dialog.replaceChildren(...parts);
    dialog.showModal();
  }

  function gone() {
    if (!data.gone.length) return;
    const section = byId('gone');
    section.hidden = false;
    section.append(make('h2', {}, 'Gone'), make('ul', {}, data.gone.map(finding => make('li', {}, `${finding.host}: ${finding.title}${finding.subject ? ` (${finding.subject})` : ''}`))));
  }

  head();
  wrong();
  hosts();
  gone();
  byId('detail').addEventListener('click', event => { if (event.target === byId('detail')) byId('detail').close(); });
  // Paper has no clicks: all evidence is opened for it, and closed again.
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const element of opened) { element.fill(); element.open = true; }
  });
  addEventListener('afterprint', () => { for (const element of opened) element.open = false; });
})();

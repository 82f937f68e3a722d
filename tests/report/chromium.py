# SPDX-License-Identifier: GPL-3.0-or-later
"""Drive a headless Chromium over two pipes, in its own protocol. Nothing but the standard library is needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

DEADLINE = 120


class Chromium:
    """A browser with one page. events has what the page and its network did since it was opened."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix='hardened-docker-browser-')
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        # The browser reads its orders from descriptor 3 and answers on 4.
        argv = ['sh', '-c', f'exec "$@" 3<&{to_browser} 4>&{from_browser}', 'sh', program, '--headless=new', '--no-sandbox', '--disable-gpu',
                '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--remote-debugging-pipe', f'--user-data-dir={self.profile}', 'about:blank']
        self._process = subprocess.Popen(argv, pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self._rest, self._number, self._session, self.events = b'', 0, None, []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self._session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Network', 'Log'):
            self.call(f'{domain}.enable')

    def close(self):
        """End the browser and remove what it kept."""
        self._session = None
        try:
            self.call('Browser.close')
            self._process.wait(timeout=10)
        except (OSError, EOFError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _read(self):
        while b'\0' not in self._rest:
            more = os.read(self._from, 1 << 20)
            if not more:
                raise EOFError('the browser ended')
            self._rest += more
        message, _, self._rest = self._rest.partition(b'\0')
        return json.loads(message)

    def call(self, method, **params):
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {'id': self._number, 'method': method, 'params': params}
        if self._session:
            message['sessionId'] = self._session
        os.write(self._to, json.dumps(message).encode() + b'\0')
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            answer = self._read()
            if answer.get('id') == self._number:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["error"]}')
                return answer['result']
            if 'method' in answer:
                self.events.append(answer)
        raise TimeoutError(method)

    def happened(self, method):
        """Return the parameters of the events of a method."""
        return [event['params'] for event in self.events if event['method'] == method]

    def open(self, url):
        """Open an address, wait until it is loaded, and return the seconds that took."""
        self.events = []
        start = time.monotonic()
        self.call('Page.navigate', url=url)
        while not self.happened('Page.loadEventFired'):
            message = self._read()
            if 'method' in message:
                self.events.append(message)
        return time.monotonic() - start

    def run(self, expression):
        """Return the value of a JavaScript expression in the page."""
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(answer['exceptionDetails'])
        return answer['result'].get('value')

    def screen(self, width, height, phone=False, dark=False, media=''):
        """Set what the page is shown on."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.call('Emulation.setEmulatedMedia', media=media, features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def picture(self, path):
        """Save what is seen as a PNG."""
        path.write_bytes(base64.b64decode(self.call('Page.captureScreenshot', format='png')['data']))

    def paper(self):
        """Return the page as a PDF."""
        return base64.b64decode(self.call('Page.printToPDF', printBackground=False)['data'])

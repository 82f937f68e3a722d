// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"errors"
	"strings"
	"testing"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

func TestFailure(t *testing.T) {
	exit := &host.CommandError{Argv: []string{"apt-get"}, Output: host.Output{Code: 100}}
	tests := []struct {
		name, text string
		want       pkgmgr.Cause
		line       string
	}{
		{"lock", "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (apt-get)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?", pkgmgr.CauseLocked, "process 4711"},
		{"interrupted", "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. ", pkgmgr.CauseInterrupted, ""},
		{"disk", "E: You don't have enough free space in /var/cache/apt/archives/.", pkgmgr.CauseDisk, ""},
		{"disk in dpkg", "dpkg: error processing archive x.deb (--unpack):\n cannot copy extracted data for './usr/bin/x' to '/usr/bin/x.dpkg-new': failed to write (No space left on device)\nE: Sub-process /usr/bin/dpkg returned an error code (1)", pkgmgr.CauseDisk, "cannot copy extracted data"},
		{"missing key 2.6", "W: GPG error: https://d bookworm InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 7EA0A9C3F273FCD8\nE: The repository 'https://d bookworm InRelease' is not signed.", pkgmgr.CauseKey, "signed with another key"},
		{"missing key 3.0", "Err:1 file:/srv bookworm InRelease\n  Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 182B, which is needed to verify signature.\nE: The repository 'file:/srv bookworm InRelease' is not signed.", pkgmgr.CauseKey, ""},
		{"expired key 2.6", "W: GPG error: https://d bookworm InRelease: The following signatures were invalid: EXPKEYSIG 7EA0A9C3F273FCD8 Docker\nE: The repository 'https://d bookworm InRelease' is not signed.", pkgmgr.CauseKey, "has expired or was revoked"},
		{"bad signature", "W: GPG error: https://d bookworm InRelease: The following signatures were invalid: BADSIG 7EA0A9C3F273FCD8 Docker\nE: The repository 'https://d bookworm InRelease' is not signed.", pkgmgr.CauseKey, "is not what its owner signed"},
		{"no signature", "E: The repository 'file:/srv ./ Release' is not signed.", pkgmgr.CauseKey, "has no signature"},
		{"expired key 3.0", "E: An error occurred during the signature verification. The repository is not updated and the previous index files will be used. OpenPGP signature verification failed: file:/srv/docker ./ InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Signing key on 5524268D85BBB1E468103B4C3C4CA01F6A53340C is bad:            The primary key is not live   because: Expired on 2024-01-02T00:00:00Z", pkgmgr.CauseKey, "has expired or was revoked"},
		{"signature gone", "E: The repository 'file:/srv/docker ./ Release' no longer has a Release file.", pkgmgr.CauseKey, "was signed when the host last looked"},
		{"signed-by", "E: Conflicting values set for option Signed-By regarding source https://d/ bookworm: /a != /b\nE: The list of sources could not be read.", pkgmgr.CauseSignedBy, "/a != /b"},
		{"release expired", "E: Release file for https://d/InRelease is expired (invalid since 3d 1h). Updates for this repository will not be applied.", pkgmgr.CauseExpired, ""},
		{"clock", "E: Release file for https://d/InRelease is not valid yet (invalid for another 2h).", pkgmgr.CauseExpired, ""},
		{"no release", "E: The repository 'https://d nope Release' does not have a Release file.", pkgmgr.CauseSuite, ""},
		{"package gone", "E: Failed to fetch http://d/pool/docker-ce_24.0.7_amd64.deb  404  Not Found [IP: 1.2.3.4 80]", pkgmgr.CauseVersion, "cache_valid_time: 0"},
		{"dns", "W: Failed to fetch https://d/InRelease  Could not resolve 'd'\nW: Some index files failed to download. They have been ignored, or old ones used instead.", pkgmgr.CauseUnreachable, "Could not resolve"},
		{"refused", "E: Failed to fetch https://d/x.deb  Could not connect to d:443 (1.2.3.4). - connect (111: Connection refused)", pkgmgr.CauseUnreachable, ""},
		{"certificate", "Err:1 https://d\n  No system certificates available. Try installing ca-certificates.", pkgmgr.CauseCertificate, ""},
		{"version", "E: Version '5:24' for 'docker-ce' was not found", pkgmgr.CauseVersion, ""},
		{"candidate", "E: Package 'docker-ce' has no installation candidate", pkgmgr.CauseVersion, ""},
		{"unmet", "The following packages have unmet dependencies:\n docker-ce : Depends: containerd.io (>= 1.4.1) but it is not installable\nE: Unable to correct problems, you have held broken packages.", pkgmgr.CauseUnmet, "docker-ce : Depends"},
		{"script", "dpkg: error processing package docker-ce (--configure):\n installed docker-ce package post-installation script subprocess returned error exit status 1\nE: Sub-process /usr/bin/dpkg returned an error code (1)", pkgmgr.CauseScript, "post-installation"},
		{"root", "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?", pkgmgr.CauseRoot, ""},
		{"garbage", "something else", pkgmgr.CauseOther, ""},
		{"new error", "E: The moon is full", pkgmgr.CauseOther, "The moon is full"},
	}
	for _, test := range tests {
		err := failure(host.Output{Stderr: []byte(test.text), Code: 100}, exit)
		var got *pkgmgr.Error
		if !errors.As(err, &got) {
			t.Fatalf("%s: failure = %T; want *Error", test.name, err)
		}
		if got.Cause != test.want || !strings.Contains(got.Error(), test.line) {
			t.Errorf("%s: failure = %s, %v; want %s, with %q", test.name, got.Cause, got, test.want, test.line)
		}
	}
}

// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"testing"

	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) { moduletest.Main(m, "docker_storage_switch", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }
